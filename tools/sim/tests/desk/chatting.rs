//! What rooms of `chat` cost with very many members, and typing, which ends by itself.

use parlour_engine::io::{ConnId, Identity, Role};
use parlour_engine::limits::Limits;
use parlour_engine::standing::StandingRooms;
use parlour_sim::desk::Desk;
use parlour_sim::wire::Frame;
use serde_json::{Value, json};

const PRESENCE_MS: u64 = 1_000;
/// For so long a member may be away, unless the room was opened otherwise.
const AWAY_MS: u64 = 60_000;
/// By so much what a member is told may be longer in a room four times as large: a few numbers in it have one digit more.
const GROWTH: f64 = 1.1;

/// How many members the larger room has: `PARLOUR_CROWD`, or as many as a room may.
fn members() -> usize {
    let most = usize::try_from(parlour_chat::MEMBERS).expect("it fits");
    let members = std::env::var("PARLOUR_CROWD").ok().and_then(|count| count.parse().ok()).unwrap_or(most);
    println!("{members} members; PARLOUR_CROWD sets how many");
    assert!(members <= limits().members_per_room && members <= limits().followers_per_room);
    members
}

fn limits() -> Limits {
    Limits { presence_ms: PRESENCE_MS, ping_ms: 3_600_000, silence_ms: 7_200_000, ..Limits::default() }
}

fn desk() -> Desk {
    let kinds = parlour_sim::kinds().with::<parlour_chat::Chat>().expect("it can be spoken");
    let kinds = kinds.with_standing(StandingRooms::default().with_any("chat")).expect("it is there");
    Desk::with_limits(kinds, limits())
}

fn joins(desk: &mut Desk, conn: ConnId, after: Option<&str>) -> Vec<Value> {
    let mut payload = json!({"room_id": "all"});
    if let Some(after) = after {
        payload["after"] = after.into();
    }
    let heard = desk.asks(conn, &json!({"type": "join_room", "ref": "j", "payload": payload}));
    assert_eq!(heard[0]["payload"]["status"], "ok", "{heard:?}");
    heard
}

fn typing(is_typing: bool) -> Value {
    json!({"type": "typing", "ref": "t", "payload": {"room_id": "all", "is_typing": is_typing}})
}

/// What some heard since they were asked last: how many frames, and how many bytes of text; and the most that one of them heard.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Told {
    frames: usize,
    bytes: usize,
    most_frames: usize,
}

fn told(desk: &mut Desk, conns: &[ConnId]) -> Told {
    let mut told = Told::default();
    for conn in conns {
        let frames = desk.frames(*conn);
        told.frames += frames.len();
        told.most_frames = told.most_frames.max(frames.len());
        told.bytes += frames.iter().map(|frame| if let Frame::Text(text) = frame { text.len() } else { 0 }).sum::<usize>();
    }
    told
}

/// One frame of that length each.
fn one_each(conns: &[ConnId], bytes: usize) -> Told {
    Told { frames: conns.len(), bytes: bytes * conns.len(), most_frames: 1 }
}

fn length(said: &Value) -> usize {
    said.to_string().len()
}

/// What a room of so many members costs.
#[derive(Debug)]
struct Costs {
    joining: Told,
    merged: Told,
    message: Told,
    dropping: Told,
    coming_back: Told,
    all_coming_back: Told,
}

/// All of these connect in one turn of the loop, and join after this position in the next.
fn come_back(desk: &mut Desk, users: &[String], at: &str) -> Vec<ConnId> {
    let guest = |user: &String| Some(Identity::lasting(user, Role::Player));
    let conns: Vec<ConnId> = users.iter().map(|user| desk.begins(None, guest(user))).collect();
    desk.turns();
    let greeted = told(desk, &conns);
    assert_eq!((greeted.frames, greeted.most_frames), (conns.len(), 1));
    let join = json!({"type": "join_room", "ref": "j", "payload": {"room_id": "all", "after": at}}).to_string();
    conns.iter().for_each(|conn| desk.says(*conn, &join));
    desk.turns();
    conns
}

/// Plays a room of so many, holding what is told at each step against what it must be.
fn costs(members: usize) -> Costs {
    let (mut desk, named) = (desk(), limits().named_members);
    let users: Vec<String> = (0..members).map(|n| format!("u{n:05}")).collect();
    let mut conns: Vec<ConnId> = Vec::with_capacity(members);
    let mut joining = Told::default();
    for user in &users {
        let conn = desk.connects(user);
        let heard = joins(&mut desk, conn, None);
        // The answer and a view of the room, which names nobody who only is there.
        assert_eq!((heard.len(), &heard[1]["type"]), (2, &json!("view")));
        assert!(conns.len() < named || heard[0]["payload"].get("seats").is_none());
        (joining.frames, joining.bytes) = (joining.frames + heard.len(), joining.bytes + heard.iter().map(length).sum::<usize>());
        conns.push(conn);
    }
    let others = told(&mut desk, &conns);
    // Each of the first is told of those who came after, as long as they are few.
    assert!(others.frames <= named * named, "{others:?}");
    desk.passes(PRESENCE_MS);
    let heard = desk.hears(conns[0]);
    assert_eq!((&heard[0]["type"], &heard[0]["payload"]["count"], heard.len()), (&json!("room_update"), &json!(members), 1));
    let merged = told(&mut desk, &conns[1..]);
    assert_eq!(merged, one_each(&conns[1..], length(&heard[0])), "once a while each is told how many there are");

    // A message: one frame each.
    let said = json!({"type": "chat", "ref": "c", "payload": {"room_id": "all", "content": "hello"}});
    let heard = desk.asks(conns[0], &said);
    assert_eq!(heard.iter().map(|said| said["type"].as_str().unwrap()).collect::<Vec<_>>(), ["chat", "ack"]);
    let message = told(&mut desk, &conns[1..]);
    assert_eq!(message, one_each(&conns[1..], length(&heard[0])));

    // Typing in a crowd, and how far one has read, are no one's but one's own.
    desk.asks(conns[0], &typing(true));
    desk.asks(conns[1], &json!({"type": "read", "ref": "r", "payload": {"room_id": "all", "up_to": heard[0]["n"]}}));
    assert_eq!(told(&mut desk, &conns[2..]), Told::default());

    // All but some lose their connections at once. Those who stay are so many that nobody is told of by name.
    let at = heard[1]["payload"]["at"].as_str().unwrap().to_owned();
    let stay = conns[..=named].to_vec();
    desk.all_hang_up(&conns[stay.len()..]);
    assert_eq!(told(&mut desk, &stay), Told::default(), "nobody is told of each who goes");
    desk.passes(PRESENCE_MS);
    let dropping = told(&mut desk, &stay);
    assert_eq!((dropping.frames, dropping.most_frames), (stay.len(), 1));
    desk.asks(conns[0], &said);
    told(&mut desk, &stay);

    // They come back at once: to each an answer and what they missed, to the others nothing but how many there are.
    let mut conns = stay.clone();
    conns.extend(come_back(&mut desk, &users[stay.len()..], &at));
    assert_eq!(told(&mut desk, &stay), Told::default(), "nobody is told of each who comes");
    let coming_back = told(&mut desk, &conns[stay.len()..]);
    assert_eq!((coming_back.frames, coming_back.most_frames), (2 * (members - stay.len()), 2), "an answer, and the message");
    desk.passes(PRESENCE_MS);
    let again = told(&mut desk, &conns);
    assert_eq!((again.frames, again.most_frames), (members, 1), "one number for everybody");
    assert_eq!(again.bytes, merged.bytes / (members - 1) * members);

    // The same of all of them, where nobody stays.
    desk.all_hang_up(&conns);
    let conns = come_back(&mut desk, &users, &at);
    let mut all_coming_back = told(&mut desk, &conns);
    desk.passes(PRESENCE_MS);
    let merged_again = told(&mut desk, &conns);
    assert_eq!((merged_again.frames, merged_again.most_frames), (members, 1));
    let by_name = all_coming_back.frames - 2 * members;
    assert!(by_name <= named * named && all_coming_back.most_frames <= 2 + named, "{all_coming_back:?}");
    all_coming_back.frames -= by_name;
    assert_eq!(desk.notes, [] as [String; 0]);
    Costs { joining, merged, message, dropping, coming_back, all_coming_back }
}

#[test]
fn in_a_crowd_a_join_a_message_and_a_storm_cost_what_they_must_and_each_of_four_times_as_many_costs_the_same() {
    let members = members();
    let fewer = members / 4;
    let (part, whole) = (costs(fewer), costs(members));
    println!("{part:?}\n{whole:?}");
    let each = |told: &Told, among: usize| (told.frames / among, told.bytes as f64 / among as f64);
    for (name, one, other) in [
        ("joining", part.joining, whole.joining),
        ("merged", part.merged, whole.merged),
        ("message", part.message, whole.message),
        ("coming back", part.coming_back, whole.coming_back),
        ("all coming back", part.all_coming_back, whole.all_coming_back),
    ] {
        let (before, after) = (each(&one, fewer), each(&other, members));
        // Numbers have one digit more, and the first few are told names.
        assert!(after.0 <= before.0.max(1) && after.1 <= before.1 * GROWTH + 1.0, "{name}: {before:?} {after:?}");
    }
    assert_eq!(part.dropping.frames, whole.dropping.frames, "what they are told who stay does not depend on how many go");
}

#[test]
fn a_crowd_that_does_not_come_back_frees_its_seats_and_who_stayed_is_told_how_many_are_left() {
    let (members, limits) = (members(), limits());
    for stay in [1, limits.named_members + 1] {
        let mut desk = desk();
        let conns: Vec<ConnId> = (0..members)
            .map(|n| {
                let conn = desk.connects(&format!("guest-{n:05}"));
                joins(&mut desk, conn, None);
                conn
            })
            .collect();
        desk.passes(PRESENCE_MS);
        let stays = &conns[..stay];
        desk.all_hang_up(&conns[stay..]);
        desk.passes(PRESENCE_MS);
        told(&mut desk, &conns);
        desk.passes(limits.away_ms);
        desk.passes(AWAY_MS - PRESENCE_MS);
        assert_eq!(told(&mut desk, stays), Told::default(), "their seats wait");
        desk.passes(2 * PRESENCE_MS);
        // One number for everybody. Where hardly anybody is left the last who go are told of by name.
        let (once, names) = (told(&mut desk, stays), if stay > limits.named_members { 0 } else { limits.named_members });
        assert!((1..=1 + names).contains(&once.most_frames) && once.frames <= stay * (1 + names), "{stay} stay: {once:?}");
        let ada = desk.connects("ada");
        let heard = joins(&mut desk, ada, None);
        assert_eq!(heard[1]["payload"]["members"], stay + 1);
        assert_eq!(desk.notes, [] as [String; 0]);
    }
}

#[test]
fn typing_is_shown_once_until_it_stops_or_time_has_passed_and_never_to_who_sent_it() {
    let mut desk = desk();
    let (ada, bob) = (desk.connects("ada"), desk.connects("bob"));
    joins(&mut desk, ada, None);
    joins(&mut desk, bob, None);
    desk.passes(PRESENCE_MS);
    told(&mut desk, &[ada, bob]);
    let shown = |desk: &mut Desk| {
        let of_ada: Vec<Value> = desk.hears(ada).into_iter().filter(|said| said["type"] == "typing").collect();
        assert!(desk.hears(bob).iter().all(|said| said["type"] != "typing"), "not echoed");
        of_ada.iter().map(|said| said["payload"]["is_typing"] == true).collect::<Vec<_>>()
    };
    let records = desk.disk.load("all").map(|history| history.records.len());
    desk.asks(bob, &typing(true));
    desk.asks(bob, &typing(true));
    desk.passes(500);
    desk.asks(bob, &typing(true));
    assert_eq!(shown(&mut desk), [true], "the same just now");
    desk.passes(4_900);
    assert_eq!(shown(&mut desk), [] as [bool; 0], "five seconds after the last, not the first");
    desk.passes(100);
    assert_eq!(shown(&mut desk), [false]);
    desk.passes(60_000);
    assert_eq!(shown(&mut desk), [] as [bool; 0]);
    desk.asks(bob, &typing(true));
    desk.asks(bob, &typing(false));
    assert_eq!(shown(&mut desk), [true, false]);
    desk.passes(60_000);
    assert_eq!(shown(&mut desk), [] as [bool; 0], "who stopped does not stop again");
    let cyn = desk.connects("cyn");
    desk.asks(bob, &typing(true));
    let heard = joins(&mut desk, cyn, None);
    assert!(heard.iter().any(|said| said["type"] == "typing" && said["payload"]["from"] == "bob"), "who comes in is shown it");
    desk.passes(5_000);
    let over = desk.hears(cyn).into_iter().find(|said| said["type"] == "typing");
    assert_eq!(over.map(|said| said["payload"]["is_typing"].clone()), Some(json!(false)));
    desk.hears(ada);
    desk.asks(bob, &typing(true));
    assert_eq!(desk.disk.load("all").map(|history| history.records.len()), records.map(|count| count + 1), "only Cyn's coming");
    desk.hangs_up(bob);
    desk.hears(ada);
    desk.passes(60_000);
    assert!(desk.hears(ada).iter().all(|said| said["type"] != "typing"), "who has gone is told of as gone");
    let now = desk.disk.load("all").map(|history| history.records.len());
    assert_eq!(now, records.map(|count| count + 2), "and that Bob is away");
}
