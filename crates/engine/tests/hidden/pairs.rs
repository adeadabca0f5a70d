//! Two worlds that differ only in what one viewer may not know, and everything that viewer hears in both.
//!
//! World A is read from a disk, world B from the same disk with another state in its snapshot: the viewer's disguise of the
//! first. The same things are done in both until something hidden is revealed. Until then whatever reaches the viewer, those who
//! watch and those outside must be the same bytes in both; what comes with a reveal must be the same but for what was revealed.

use crate::disk::Disk;
use crate::game::{Game, kinds, some_action};
use crate::people::Person;
use crate::play::{act, come, known, legal};
use crate::reveal::{blind, is_reveal};
use crate::world::{ROOM, World};
use parlour_engine::io::Call;
use parlour_engine::store::Snapshot;
use parlour_room::{Dice, Table, Viewer};
use std::collections::BTreeMap;

/// What the viewer got was not the same.
pub struct Difference {
    pub person: Person,
    pub after: String,
    pub here: String,
    pub there: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{:?} can tell the worlds apart after {}\nhere:  {}\nthere: {}",
            self.person, self.after, self.here, self.there
        )
    }
}

/// What was done and compared.
#[derive(Debug, Default)]
pub struct Figures {
    pub pairs: u64,
    pub steps: u64,
    pub frames: u64,
    pub bytes: u64,
    pub replies: u64,
    pub reveals: u64,
    /// What was done, by what it was.
    pub deeds: BTreeMap<String, u64>,
}

pub struct Pair<'f> {
    worlds: [World<()>; 2],
    viewer: Viewer,
    dice: Dice,
    /// Ids of cards that are hidden from the viewer, in both worlds: guesses.
    secrets: Vec<String>,
    /// How many messages and bytes to each person have been compared.
    compared: [(usize, usize); 5],
    number: u64,
    last: Option<(Person, String)>,
    figures: &'f mut Figures,
}

/// Plays a pair of worlds from the disk of a world that was put away, until something is revealed, and tells of any difference.
pub fn compare<G: Game>(before: &World<()>, viewer: Viewer, number: u64, figures: &mut Figures) -> Result<(), Difference> {
    let mut dice = Dice::from_number(number);
    let history = before.disk.read(ROOM).expect("there is a room");
    let (row, snapshot) = (history.row.expect("it was opened"), history.snapshot.expect("it was put away"));
    assert!(history.records.is_empty(), "it was put away just now");
    let table = Table::<G>::restore(&snapshot.body).expect("a snapshot");
    let disguised = table.state().disguised(viewer, &mut dice);
    let secrets = [table.state().hidden(viewer), disguised.hidden(viewer)].concat();
    let body = table.with_state(disguised).snapshot();
    let other = Snapshot::new(snapshot.room.clone(), snapshot.seq, body);
    let worlds = [snapshot, other].map(|snapshot| {
        let mut world = World::new(kinds::<G>(), Disk::of(row.clone(), snapshot), before.now, number, ());
        Person::ALL.into_iter().for_each(|person| world.remember(person, before.line(person).positions.clone()));
        world
    });
    let mut pair = Pair { worlds, viewer, dice, secrets, compared: Default::default(), number: 0, last: None, figures };
    pair.figures.pairs += 1;
    pair.begin()?;
    for _ in 0..40 {
        if pair.is_over() || pair.step()? {
            break;
        }
    }
    Ok(())
}

impl Pair<'_> {
    fn begin(&mut self) -> Result<(), Difference> {
        for person in Person::ALL {
            self.come(person);
        }
        self.settle();
        self.same("coming in")
    }

    /// Does one thing in both worlds; says whether it revealed something.
    fn step(&mut self) -> Result<bool, Difference> {
        self.number += 1;
        self.figures.steps += 1;
        let people: &[Person] = match self.viewer {
            Viewer::Spectator => &[Person::Sam, Person::Eve],
            seat => &Person::ALL.map(|person| if person.viewer() == seat { person } else { Person::Sam }),
        };
        let person = *self.dice.pick(people).expect("somebody");
        match self.dice.below(21) {
            0..4 => self.own_action(person),
            4..8 => self.guess(person),
            8..14 => self.action_of_others(),
            14 => {
                let ms = *self.dice.pick(&[10, 1500, 6_000, 30_000]).expect("four");
                self.worlds.iter_mut().for_each(|world| world.pass(ms));
                self.played("time")
            }
            15 => {
                self.come(person);
                self.settle();
                self.same("coming back").map(|()| false)
            }
            16 => self.look_from_outside(),
            17 => match self.last.clone() {
                Some((person, fields)) => self.say(person, &fields),
                None => Ok(false),
            },
            18 => {
                let other = self.other();
                match self.dice.below(8) {
                    0 => self.both(|world| drop(world.ask(other, "leave_room", &format!(r#","room":"{ROOM}""#)))),
                    1..4 => self.come(other),
                    _ => self.worlds.iter_mut().for_each(|world| world.hang_up(other)),
                }
                self.played("others come and go")
            }
            19 => self.at_once(person),
            _ => {
                self.both(|world| drop(legal(world, person)));
                self.same("legal").map(|()| false)
            }
        }
    }

    /// A player whose cards the viewer may not see.
    fn other(&mut self) -> Person {
        match self.viewer {
            Viewer::Spectator => *self.dice.pick(&[Person::Ada, Person::Bob]).expect("two"),
            viewer if viewer == Person::Ada.viewer() => Person::Bob,
            _ => Person::Ada,
        }
    }

    /// Something legal that the viewer does.
    fn own_action(&mut self, person: Person) -> Result<bool, Difference> {
        if person.viewer() != self.viewer || self.viewer == Viewer::Spectator {
            return Ok(false);
        }
        let [here, there] = self.legal(person);
        self.same("legal")?;
        assert_eq!(here, there, "equal bytes");
        let Some(action) = self.dice.pick(&here).cloned() else { return Ok(false) };
        let fields = format!(r#","id":"p{}","room":"{ROOM}","payload":{action}"#, self.number);
        self.last = Some((person, fields.clone()));
        self.say(person, &fields)
    }

    /// Anything at all, also on cards that the viewer cannot know of.
    fn guess(&mut self, person: Person) -> Result<bool, Difference> {
        let mut ids = known(&self.worlds[0], person);
        if self.dice.below(3) == 0 {
            ids.extend(self.secrets.iter().cloned());
        }
        let fields = format!(r#","id":"g{}","room":"{ROOM}","payload":{}"#, self.number, some_action(&mut self.dice, &ids));
        self.last = Some((person, fields.clone()));
        self.say(person, &fields)
    }

    /// Something another player does, which looks the same to the viewer in both worlds until it reveals something.
    fn action_of_others(&mut self) -> Result<bool, Difference> {
        let other = self.other();
        let [here, there] = self.legal(other);
        let mut choices: Vec<[String; 2]> = Vec::new();
        for action in here {
            // What is done face down, or with a card that is shown only then, may be another card in the other world.
            let kind =
                ["place", "keep", "discard"].into_iter().find(|kind| action.starts_with(&format!("{{\"type\":\"{kind}\"")));
            match kind {
                Some(kind) => {
                    let alike = |action: &&String| action.starts_with(&format!("{{\"type\":\"{kind}\""));
                    choices.extend(there.iter().find(alike).map(|there| [action, there.clone()]));
                }
                None if there.contains(&action) => choices.push([action.clone(), action]),
                None => {}
            }
        }
        if self.dice.below(100) == 0 {
            choices = vec![["resign"; 2].map(|kind| format!("{{\"type\":\"{kind}\"}}"))];
        }
        let Some(choice) = self.dice.pick(&choices) else { return Ok(false) };
        for (world, action) in self.worlds.iter_mut().zip(choice) {
            act(world, other, self.number, action);
        }
        let what = choice[0].clone();
        self.played(&what)
    }

    /// Several people say something in one turn of the loop.
    fn at_once(&mut self, person: Person) -> Result<bool, Difference> {
        let (other, number) = (self.other(), self.number);
        let [here, there] = self.legal(other);
        let same: Vec<String> = here.into_iter().filter(|action| there.contains(action)).collect();
        let action = self.dice.pick(&same).cloned().unwrap_or_else(|| "{}".to_owned());
        let guess = some_action(&mut self.dice, &known(&self.worlds[0], person));
        let say = |person, kind: &str, rest: &str| {
            (person, format!(r#"{{"type":"{kind}","ref":"{kind}{number}","room":"{ROOM}"{rest}}}"#))
        };
        let action = say(other, "action", &format!(r#","payload":{action}"#));
        let texts = [say(person, "legal", ""), action, say(person, "action", &format!(r#","payload":{guess}"#))];
        self.worlds.iter_mut().for_each(|world| world.say_at_once(&texts));
        self.played("several at once")
    }

    fn look_from_outside(&mut self) -> Result<bool, Difference> {
        let call = if self.dice.coin() { Call::Show(ROOM.to_owned()) } else { Call::List(vec![ROOM.to_owned()]) };
        let [here, there] = self.worlds.each_mut().map(|world| format!("{:?}", world.call(Person::Eve, call.clone())));
        self.figures.replies += 1;
        if here != there {
            return Err(Difference { person: Person::Eve, after: "a call".to_owned(), here, there });
        }
        self.both(|world| drop(world.ask(Person::Eve, "join_room", &format!(r#","payload":{{"room_id":"{ROOM}"}}"#))));
        self.same("trying to join").map(|()| false)
    }

    fn say(&mut self, person: Person, fields: &str) -> Result<bool, Difference> {
        self.both(|world| drop(world.ask(person, "action", fields)));
        self.played(fields)
    }

    fn both(&mut self, what: impl FnMut(&mut World<()>)) {
        self.worlds.iter_mut().for_each(what);
        self.settle();
    }

    fn legal(&mut self, person: Person) -> [Vec<String>; 2] {
        self.worlds.each_mut().map(|world| legal(world, person))
    }

    fn come(&mut self, person: Person) {
        let number = self.dice.bits();
        self.worlds.iter_mut().for_each(|world| come(world, &mut Dice::from_number(number), person));
    }

    fn settle(&mut self) {
        self.worlds.iter_mut().for_each(World::settle);
    }

    fn is_over(&self) -> bool {
        self.worlds[0].disk.outcome(ROOM).is_some() && self.number > 16
    }
}

impl Pair<'_> {
    /// Who must not hear a difference: the viewer, and everybody who knows less.
    fn watched(&self) -> impl Iterator<Item = Person> + use<> {
        let viewer = self.viewer;
        Person::ALL.into_iter().filter(move |person| person.viewer() == viewer || person.viewer() == Viewer::Spectator)
    }

    /// Something was played: what everybody got is the same, but for what is revealed by it. Says whether something is.
    fn played(&mut self, what: &str) -> Result<bool, Difference> {
        let deed = what.rsplit_once("\"type\":\"").map_or(what, |(_, deed)| deed.split('"').next().unwrap_or_default());
        *self.figures.deeds.entry(deed.to_owned()).or_default() += 1;
        self.settle();
        let reveals = |world: &World<()>, person: Person| {
            let (texts, _) = self.compared[person as usize];
            world.line(person).texts(texts).any(|text| is_reveal(text, self.viewer))
        };
        if !self.watched().any(|person| self.worlds.iter().any(|world| reveals(world, person))) {
            return self.same(what).map(|()| false);
        }
        self.figures.reveals += 1;
        for person in self.watched() {
            let (texts, _) = self.compared[person as usize];
            let got = self.worlds.each_ref().map(|world| world.line(person).texts(texts).map(blind).collect::<Vec<_>>());
            let [here, there] = &got;
            if here != there {
                let [here, there] = got.map(|got| got.join("\n"));
                return Err(Difference { person, after: what.to_owned(), here, there });
            }
            self.figures.frames += here.len() as u64;
        }
        Ok(true)
    }

    /// Every byte that came since the last comparison is the same in both worlds.
    fn same(&mut self, after: &str) -> Result<(), Difference> {
        for person in self.watched() {
            let (texts, bytes) = self.compared[person as usize];
            let [here, there] = self.worlds.each_ref().map(|world| world.line(person));
            if here.bytes[bytes..] != there.bytes[bytes..] {
                let [here, there] = [here, there].map(|line| line.texts(texts).collect::<Vec<_>>().join("\n"));
                return Err(Difference { person, after: after.to_owned(), here, there });
            }
            self.figures.frames += (here.len() - texts) as u64;
            self.figures.bytes += (here.bytes.len() - bytes) as u64;
            self.compared[person as usize] = (here.len(), here.bytes.len());
        }
        Ok(())
    }
}
