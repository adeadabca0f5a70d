//! Settings from four places: flags before environment before `parlour.toml` before defaults. Every value knows where it is
//! from, and everything that is wrong is told at once, with its place and what would be right.

mod apps;
mod docs;
mod environment;
mod file;
mod identity;
mod keys;
mod likely;
mod verbs;

pub(crate) use environment::check_names;
pub(crate) use keys::ANY_ROOM;
pub(crate) use verbs::run;

use super::exit::{Exit, Failed};
use identity::{EITHER, Identities};
use keys::Value;
use parlour_engine::framing::origin::Origins;
use parlour_engine::limits::Limits;
use parlour_engine::shard::Second;
use parlour_engine::wire::Mode;
use parlour_server::cluster;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where a server listens unless told otherwise.
pub(crate) const LISTEN: &str = "127.0.0.1:7350";
/// Where it keeps its data unless told otherwise.
pub(crate) const DATA: &str = "parlour-data";
/// The file that is read if it is there.
pub(crate) const FILE: &str = "parlour.toml";

/// Where a value is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File(PathBuf, usize),
    Variable(String),
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(path, line) => write!(f, "{}:{line}", path.display()),
            Origin::Variable(name) => f.write_str(name),
            Origin::Flag(name) => f.write_str(name),
        }
    }
}

/// One value as it was found.
struct Given {
    key: String,
    value: Value,
    origin: Origin,
}

/// The settings that the flags of a command can name.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flags<'a> {
    pub(crate) config: Option<&'a Path>,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) data: Option<&'a Path>,
    /// Whether dialects keep their quirks, whatever else is configured.
    pub(crate) is_compat: bool,
    pub(crate) cluster: Option<&'a str>,
}

/// The settings that were found.
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) data: PathBuf,
    /// Whose pages may ask.
    pub(crate) pages: Origins,
    pub(crate) identities: Identities,
    pub(crate) second: Second,
    pub(crate) token_in_query: bool,
    pub(crate) mode: Mode,
    /// The kind of rooms that any name is opened as when it is joined; "": none. Without it the default, where that kind is.
    pub(crate) open_on_join: Option<String>,
    /// Where connections are counted, if they are.
    pub(crate) cluster: Option<cluster::Place>,
    pub(crate) limits: Limits,
    /// What runners are made from, as far as it was configured.
    apps: BTreeMap<&'static str, String>,
    /// Where each value is from that is not its default.
    origins: BTreeMap<String, Origin>,
    /// The file that was read.
    file: Option<PathBuf>,
}

impl Settings {
    /// Finds them, or says everything that is wrong with them.
    pub(crate) fn find(flags: Flags<'_>) -> Result<Self, Failed> {
        let mut wrong = Vec::new();
        let settings = Self::gather(flags, &mut wrong);
        match wrong.as_slice() {
            [] => Ok(settings),
            [one] => Err(Failed::new(Exit::Config, one)),
            several => {
                let lines: String = several.iter().map(|line| format!("\n  {line}")).collect();
                Err(Failed::new(Exit::Config, format!("{} settings cannot be used:{lines}", several.len())))
            }
        }
    }

    fn gather(flags: Flags<'_>, wrong: &mut Vec<String>) -> Self {
        let mut settings = Self {
            listen: LISTEN.parse().expect("the default is an address"),
            data: PathBuf::from(DATA),
            pages: Origins::default(),
            identities: Identities::default(),
            second: Second::default(),
            token_in_query: false,
            mode: Mode::default(),
            open_on_join: None,
            cluster: None,
            limits: Limits::default(),
            apps: BTreeMap::new(),
            origins: BTreeMap::new(),
            file: None,
        };
        let environment = environment::read(wrong);
        let (file, in_file) = file::read(flags.config, environment.config.as_deref(), wrong);
        settings.file = file;
        settings.put_all(in_file, wrong);
        if let Some(port) = environment.port {
            settings.listen.set_port(port);
            settings.origins.insert("listen".to_owned(), Origin::Variable("PORT".to_owned()));
        }
        settings.put_all(environment.given, wrong);
        if let Some(listen) = flags.listen {
            settings.listen = listen;
            settings.origins.insert("listen".to_owned(), Origin::Flag("--listen"));
        }
        if let Some(data) = flags.data {
            settings.data = data.to_path_buf();
            settings.origins.insert("data".to_owned(), Origin::Flag("--data"));
        }
        if flags.is_compat {
            settings.mode = Mode::Compat;
            settings.origins.insert(keys::MODE.to_owned(), Origin::Flag("--compat"));
        }
        if let Some(cluster) = flags.cluster {
            let origin = Origin::Flag("--cluster");
            settings.put_all(vec![Given { key: keys::CLUSTER.to_owned(), value: Value::Text(cluster.into()), origin }], wrong);
        }
        settings.read_keys(wrong);
        settings.compare(wrong);
        settings
    }

    /// One layer over those below it.
    fn put_all(&mut self, mut layer: Vec<Given>, wrong: &mut Vec<String>) {
        for (one, other, what) in EITHER {
            let names = |key: &str| layer.iter().find(|given| given.key == key);
            match (names(one), names(other)) {
                (Some(first), Some(second)) => {
                    wrong.push(format!(
                        "{} and {}: {one} and {other} are two places for {what}: keep one of them",
                        first.origin, second.origin
                    ));
                    layer.retain(|given| given.key != other);
                }
                // What is said here stands for both of what was said below.
                (Some(_), None) => self.forget(other),
                (None, Some(_)) => self.forget(one),
                (None, None) => {}
            }
        }
        for Given { key, value, origin } in layer {
            match self.put(&key, value) {
                Ok(()) => {
                    self.origins.insert(key, origin);
                }
                Err(why) => wrong.push(format!("{origin}: {key} {why}")),
            }
        }
    }

    fn forget(&mut self, key: &str) {
        self.identities.forget(key);
        self.origins.remove(key);
    }

    /// Sets one; an error says what the value must be.
    fn put(&mut self, key: &str, value: Value) -> Result<(), String> {
        match key {
            "listen" => self.listen = value.read(keys::ADDRESS, |text| text.parse().ok())?,
            "data" => self.data = PathBuf::from(value.path()?),
            keys::SECOND => self.second = value.read(keys::SECONDS, keys::second)?,
            keys::QUERY => self.token_in_query = value.truth()?,
            keys::MODE => self.mode = value.read(keys::MODES, keys::mode)?,
            keys::OPEN_ON_JOIN => self.open_on_join = Some(value.read(keys::KIND_OR_NOTHING, |text| Some(text.to_owned()))?),
            keys::CLUSTER => self.cluster = Some(value.cluster()?),
            keys::ORIGINS => self.pages = value.origins()?,
            of_identity if of_identity.starts_with("auth.") => self.identities.put(key, value).ok_or("is no setting")??,
            _ if let Some(app) = apps::of(key) => drop(self.apps.insert(app.name, app.read(value)?)),
            limit => {
                let name = limit.strip_prefix(keys::LIMITS).unwrap_or_default();
                let about = keys::limit(name).ok_or("is no setting")?;
                let allowed = keys::range(about);
                let number = value.number(&allowed)?;
                let set = self.limits.set(name, number).unwrap_or(Ok(()));
                set.map_err(|_| format!("must be {allowed}, not {number}"))?;
            }
        }
        Ok(())
    }

    /// What files hold that settings name.
    fn read_keys(&mut self, wrong: &mut Vec<String>) {
        let origins = &self.origins;
        let origin = |key: &str| origins.get(key).cloned().unwrap_or(Origin::Default);
        self.identities.read(&self.limits, |key, why| wrong.push(format!("{}: {key} {why}", origin(key))));
    }

    /// Values that are fine alone and not together.
    fn compare(&self, wrong: &mut Vec<String>) {
        if let Some((less, more)) = self.limits.out_of_order() {
            let told = |name: &str| {
                let key = format!("{}{name}", keys::LIMITS);
                let value = self.limits.get(name).unwrap_or_default();
                format!("{key} ({value}, {})", self.origins.get(&key).unwrap_or(&Origin::Default))
            };
            wrong.push(format!("{} must be less than {}", told(less), told(more)));
        }
    }

    /// What runners are made from.
    pub(crate) fn for_runners(&self) -> crate::Settings {
        let value = |app: &apps::App| self.apps.get(app.name).cloned().unwrap_or_else(|| app.default.to_owned());
        let values = apps::ALL.iter().map(|app| (app.name, value(app))).collect();
        crate::Settings { data: self.data.clone(), values }
    }

    /// Where it all is from, in words.
    pub(crate) fn sources(&self) -> String {
        let count = |is_one: fn(&Origin) -> bool| self.origins.values().filter(|origin| is_one(origin)).count();
        let in_file = count(|origin| matches!(origin, Origin::File(..)));
        let in_variables = count(|origin| matches!(origin, Origin::Variable(_)));
        let file = match &self.file {
            Some(file) => format!("{} sets {in_file}", file.display()),
            None => format!("there is no {FILE} here"),
        };
        format!("{file}, the environment sets {in_variables}, the rest are defaults")
    }

    /// A setting as it is shown; secrets are not.
    fn shown(&self, key: &str) -> Option<String> {
        match key {
            "listen" => Some(self.listen.to_string()),
            "data" => Some(self.data.display().to_string()),
            keys::SECOND => Some(keys::name_of(self.second).to_owned()),
            keys::QUERY => Some(self.token_in_query.to_string()),
            keys::MODE => Some(keys::mode_name(self.mode).to_owned()),
            keys::OPEN_ON_JOIN => Some(self.open_on_join.as_deref().unwrap_or(ANY_ROOM).to_owned()),
            keys::CLUSTER => self.cluster.as_ref().map(cluster::Place::to_string),
            keys::ORIGINS => Some(self.pages.iter().collect::<Vec<_>>().join(", ")).filter(|pages| !pages.is_empty()),
            of_identity if of_identity.starts_with("auth.") => self.identities.shown(key),
            _ if let Some(app) = apps::of(key) => {
                let value = self.apps.get(app.name).map(String::as_str).unwrap_or(app.default);
                let shown = if matches!(app.kind, apps::Is::Secret) { keys::MASK } else { value };
                (!value.is_empty()).then(|| shown.to_owned())
            }
            limit => self.limits.get(limit.strip_prefix(keys::LIMITS)?).map(|value| value.to_string()),
        }
    }
}

/// Text that may not be text.
fn lossy(text: &OsString) -> String {
    text.to_string_lossy().into_owned()
}
