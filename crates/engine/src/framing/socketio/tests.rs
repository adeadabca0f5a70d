//! What the protocol's own server makes of each packet, and what holds for all of them.

use super::*;
use crate::io::Now;
use crate::limits::{ATTACHMENTS, EVENT_ARGS, NAMESPACES};
use proptest::prelude::*;
use serde_json::value::RawValue;
use std::borrow::Cow;

const LIMIT: usize = 1000;

fn peer() -> Peer {
    Peer::new(LIMIT, 45_000, Now { mono_ms: 0, wall_ms: 0 })
}

fn joined() -> Peer {
    let mut peer = peer();
    assert!(peer.text("0").is_ok() && peer.accept("/"));
    peer
}

/// One packet as it would be written again; `""` if it says nothing yet.
fn shown(packet: Result<Option<Packet<'_>>, Fault>) -> Result<String, Fault> {
    let mut out = Vec::new();
    if let Some(packet) = packet? {
        packet.write(&mut out);
    }
    Ok(String::from_utf8(out).expect("text"))
}

/// Without the Engine.IO packet's type.
fn text(peer: &mut Peer, message: &str) -> Result<String, Fault> {
    shown(peer.text(&message[1..]))
}

fn binary(peer: &mut Peer, bytes: &[u8]) -> Result<String, Fault> {
    let assembled = peer.binary(bytes)?;
    shown(Ok(assembled.as_ref().map(Assembled::packet)))
}

#[test]
fn packets_are_written_as_the_protocol_shows_them() {
    let written = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("text")
    };
    assert_eq!(written(&|out| write_connected(out, "/", "x1")), r#"0{"sid":"x1"}"#);
    assert_eq!(written(&|out| write_connected(out, "/game", "x1")), r#"0/game,{"sid":"x1"}"#);
    assert_eq!(written(&|out| write_connect_error(out, "/", "no", None)), r#"4{"message":"no"}"#);
    assert_eq!(
        written(&|out| write_connect_error(out, "/game", "no", Some(r#"{"code":"no"}"#))),
        r#"4/game,{"message":"no","data":{"code":"no"}}"#
    );
    assert_eq!(written(&|out| write_disconnect(out, "/")), "1");
    assert_eq!(written(&|out| write_disconnect(out, "/game")), "1/game,");
    assert_eq!(written(&|out| write_event(out, "/game", None, "a", br#"1,"b""#, 0)), r#"2/game,["a",1,"b"]"#);
    assert_eq!(written(&|out| write_event(out, "/", Some(7), "a\"", b"", 2)), r#"52-7["a\""]"#);
    assert_eq!(written(&|out| write_ack(out, "/game", 12, br#"{"ok":true}"#)), r#"3/game,12[{"ok":true}]"#);
}

#[test]
fn what_a_client_may_say_is_heard() {
    for message in [
        r#"42["message",1,"2",{"3":[true]}]"#,
        r#"4212["message"]"#,
        r#"42["a\"b"]"#,
        r#"42[""]"#,
        "4218446744073709551615[\"a\"]",
        "43[]",
        "431[1]",
        "41",
        r#"42["message",[[[[1.50e3]]]]]"#,
    ] {
        assert_eq!(text(&mut joined(), message), Ok(message[1..].to_owned()));
    }
    // Not as it would be written, but meant so.
    for (message, meant) in [("42[1]", r#"2["1"]"#), ("421", r#"21[""]"#), ("43", "3[]"), ("42 [ \"a\" , 1 ] ", r#"2["a",1]"#)] {
        assert_eq!(text(&mut joined(), message), Ok(meant.to_owned()), "{message}");
    }
}

#[test]
fn a_namespace_is_asked_for_with_what_the_client_has_to_show() {
    for message in ["40", "40/game,", r#"40{"token":"x"}"#, r#"40/game,{"token":"x"}"#, r#"40/game,"x""#] {
        assert_eq!(text(&mut peer(), message), Ok(message[1..].to_owned()));
    }
    assert_eq!(text(&mut peer(), "40/game"), Ok("0/game,".to_owned()));
    assert_eq!(text(&mut peer(), "40/game?a=b,{}"), Ok("0/game?a=b,{}".to_owned()));
}

#[test]
fn what_a_client_may_not_say_ends_its_connection() {
    let deep = format!("451-[\"a\",{}{}]", "[".repeat(200), "]".repeat(200));
    let many = format!("42[\"a\"{}]", ",1".repeat(EVENT_ARGS + 1));
    let long = format!("42[\"{}\"]", "a".repeat(LIMIT));
    let namespace = format!("40/{},", "a".repeat(200));
    for (message, fault) in [
        ("4", Fault::UnknownType),
        ("4abc", Fault::UnknownType),
        ("47", Fault::UnknownType),
        ("4é", Fault::UnknownType),
        ("40", Fault::JoinedTwice),
        ("44", Fault::NotForClients),
        ("44{}", Fault::NotForClients),
        ("40/x,null", Fault::Payload),
        ("40/x,[]", Fault::Payload),
        ("40/x,true", Fault::Payload),
        ("40/x,{", Fault::Payload),
        (&namespace, Fault::Namespace),
        ("41{}", Fault::Payload),
        ("42[]", Fault::Payload),
        ("42{}", Fault::Payload),
        ("42\"a\"", Fault::Payload),
        ("42[null]", Fault::Payload),
        ("42[true]", Fault::Payload),
        ("42[\"connect\"]", Fault::Payload),
        ("42[\"disconnecting\"]", Fault::Payload),
        ("42[\"a\",1]x", Fault::Payload),
        ("42abc[\"a\"]", Fault::Payload),
        (&many, Fault::Payload),
        (&long, Fault::TooBig),
        ("4218446744073709551616[\"a\"]", Fault::AckId),
        ("431{}", Fault::Payload),
        ("45", Fault::Attachments),
        ("45-[\"a\"]", Fault::Attachments),
        ("450-[\"a\"]", Fault::Attachments),
        ("4511-[\"a\"]", Fault::Attachments),
        ("45-1-[\"a\"]", Fault::Attachments),
        ("451.5-[\"a\"]", Fault::Attachments),
        ("451-", Fault::Attachments),
        ("451-[\"a\",{\"_placeholder\":true,\"num\":1}]", Fault::Attachments),
        ("451-[\"a\",{\"_placeholder\":true,\"num\":-1}]", Fault::Attachments),
        ("451-[\"a\",{\"_placeholder\":true,\"num\":0.5}]", Fault::Attachments),
        ("451-[\"a\",{\"_placeholder\":true,\"num\":\"0\"}]", Fault::Attachments),
        ("451-[\"a\",[{\"b\":{\"num\":9,\"_placeholder\":true}}]]", Fault::Attachments),
        ("451-[\"a\",{\"_placeholder\":true}]", Fault::Attachments),
        (&deep, Fault::Attachments),
        ("42/x,[\"a\"]", Fault::NotJoined),
        ("41/x,", Fault::NotJoined),
    ] {
        assert_eq!(text(&mut joined(), message), Err(fault), "{message}");
    }
    assert_eq!(ATTACHMENTS, 10);
}

#[test]
fn attachments_come_after_their_packet_and_nothing_else_does() {
    let mut peer = joined();
    let packet = r#"52-7["a",{"_placeholder":true,"num":1},{"b":{"_placeholder":true,"num":0},"_placeholder":false}]"#;
    assert_eq!(shown(peer.text(packet)), Ok(String::new()));
    assert_eq!(binary(&mut peer, &[1]), Ok(String::new()));
    let assembled = peer.binary(&[2, 3]).expect("fine").expect("whole");
    assert_eq!(shown(Ok(Some(assembled.packet()))), Ok(packet.to_owned()));
    let Packet::Event { attachments, .. } = assembled.packet() else { panic!() };
    assert_eq!(attachments, [vec![1], vec![2, 3]]);
    assert_eq!(binary(&mut peer, &[4]), Err(Fault::Unannounced));

    // What was announced need not be used, and one may be used twice.
    for packet in [r#"51-["a",1]"#, r#"51-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]"#, r#"61-1[1]"#] {
        let mut peer = joined();
        assert_eq!(shown(peer.text(packet)), Ok(String::new()));
        assert_eq!(binary(&mut peer, &[1]), Ok(packet.to_owned()));
    }
    let mut peer = joined();
    assert_eq!(text(&mut peer, r#"451-["a"]"#), Ok(String::new()));
    assert_eq!(text(&mut peer, r#"42["a"]"#), Err(Fault::Interrupted));
    let mut peer = joined();
    assert_eq!(text(&mut peer, r#"452-["a"]"#), Ok(String::new()));
    assert_eq!(binary(&mut peer, &[0; LIMIT / 2]), Ok(String::new()));
    assert_eq!(binary(&mut peer, &[0; LIMIT / 2]), Err(Fault::TooBig));
}

#[test]
fn nothing_is_heard_where_a_client_is_not_or_not_yet() {
    assert_eq!(text(&mut peer(), r#"42["a"]"#), Err(Fault::NotJoined));
    let mut peer = peer();
    assert!(text(&mut peer, "40/game,").is_ok() && !peer.has_joined("/game"));
    assert_eq!(text(&mut peer, r#"42/game,["a"]"#), Err(Fault::NotJoined));
    assert!(peer.accept("/game") && peer.has_joined("/game") && !peer.accept("/game") && !peer.refuse("/game"));
    assert_eq!(text(&mut peer, r#"42/game,["a"]"#), Ok(r#"2/game,["a"]"#.to_owned()));
    assert_eq!(text(&mut peer, "40/game,"), Err(Fault::JoinedTwice));
}

#[test]
fn several_namespaces_are_joined_and_left_by_themselves() {
    let mut peer = joined();
    assert!(text(&mut peer, "40/custom,").is_ok() && peer.accept("/custom"));
    assert_eq!(text(&mut peer, "41"), Ok("1".to_owned()));
    assert!(!peer.has_joined("/") && peer.has_joined("/custom"));
    assert_eq!(text(&mut peer, r#"42/custom,["a"]"#), Ok(r#"2/custom,["a"]"#.to_owned()));
    assert!(text(&mut peer, "40").is_ok() && peer.refuse("/") && !peer.has_joined("/"));
    assert!(text(&mut peer, "40").is_ok() && peer.accept("/"));
    for number in 2..NAMESPACES {
        assert!(text(&mut peer, &format!("40/{number},")).is_ok());
    }
    assert_eq!(text(&mut peer, "40/more,"), Err(Fault::TooManyNamespaces));
}

#[test]
fn what_was_said_before_we_ended_a_namespace_is_not_held_against_the_client() {
    let mut peer = joined();
    assert!(peer.leave("/") && !peer.leave("/") && !peer.leave("/never"));
    assert_eq!(text(&mut peer, r#"42["late"]"#), Ok(String::new()));
    assert_eq!(text(&mut peer, "41"), Ok(String::new()));
    assert_eq!(text(&mut peer, r#"451-["late"]"#), Ok(String::new()));
    assert_eq!(binary(&mut peer, &[1]), Ok(String::new()));
    assert!(text(&mut peer, "40").is_ok() && peer.accept("/"));
    assert_eq!(text(&mut peer, r#"42["a"]"#), Ok(r#"2["a"]"#.to_owned()));
}

#[test]
fn who_joins_nothing_has_to_go_and_who_joined_once_may_stay() {
    let mut peer = peer();
    assert_eq!(peer.deadline(), Some(45_000));
    assert!(text(&mut peer, "40").is_ok() && peer.refuse("/"));
    assert_eq!(peer.deadline(), Some(45_000));
    assert!(text(&mut peer, "40").is_ok() && peer.accept("/"));
    assert_eq!(peer.deadline(), None);
    assert!(text(&mut peer, "41").is_ok());
    assert_eq!(peer.deadline(), None);
}

/// An address, what stands at it, and how it is kept while packets borrow it.
#[derive(Clone, Debug)]
struct Made {
    kind: u8,
    namespace: String,
    id: Option<u64>,
    name: String,
    args: Vec<String>,
    attachments: Vec<Vec<u8>>,
}

fn made() -> impl Strategy<Value = Made> {
    let json = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        Just(r#"{"a":[{"b":"\u0000"}]}"#.to_owned()),
        Just(r#"{"_placeholder":true,"num":0}"#.to_owned()),
    ];
    let attachments = prop::collection::vec(any::<Vec<u8>>(), 1..4);
    let namespace = prop_oneof![Just("/".to_owned()), "/[a-z0-9?=&]{1,8}"];
    let args = prop::collection::vec(json, 0..4);
    // A name like `connect` is not to be had by chance.
    (0_u8..5, namespace, any::<Option<u64>>(), "\\PC{0,6}", args, attachments).prop_map(
        |(kind, namespace, id, name, args, attachments)| {
            let has_placeholders = args.iter().any(|arg| arg.contains("_placeholder"));
            let attachments = if has_placeholders { attachments } else { Vec::new() };
            Made { kind, namespace, id, name, args, attachments }
        },
    )
}

impl Made {
    fn packet(&self) -> Packet<'_> {
        let raw = |text| -> &RawValue { serde_json::from_str(text).expect("JSON") };
        let (namespace, id, args) = (self.namespace.as_str(), self.id, self.args.iter().map(|arg| raw(arg)).collect());
        match self.kind {
            0 => Packet::Connect { namespace, data: Some(raw(r#"{"token":"x"}"#)) },
            1 => Packet::Disconnect { namespace },
            2 => Packet::Event { namespace, id, name: Cow::Borrowed(&self.name), args, attachments: &self.attachments },
            3 => Packet::Ack { namespace, id, args, attachments: &self.attachments },
            _ => Packet::ConnectError { namespace, data: Some(raw(r#""no""#)) },
        }
    }
}

proptest! {
    #[test]
    fn a_packet_is_read_as_it_was_written(made in made()) {
        let packet = made.packet();
        let mut out = Vec::new();
        packet.write(&mut out);
        let text = String::from_utf8(out).expect("text");
        let mut decoder = Decoder::new(1 << 20);
        let whole = decoder.text(&text).expect("a packet");
        let attachments: &[Vec<u8>] = if matches!(made.kind, 2 | 3) { &made.attachments } else { &[] };
        prop_assert_eq!(whole.is_none(), !attachments.is_empty());
        if let Some(whole) = &whole {
            prop_assert_eq!(format!("{whole:?}"), format!("{packet:?}"));
        }
        for (at, bytes) in (1..).zip(attachments) {
            let assembled = decoder.binary(bytes).expect("wanted");
            prop_assert_eq!(assembled.is_some(), at == attachments.len());
            if let Some(assembled) = assembled {
                prop_assert_eq!(format!("{:?}", assembled.packet()), format!("{packet:?}"));
            }
        }
    }

    #[test]
    fn whatever_comes_a_peer_keeps_within_its_bounds(messages in prop::collection::vec(odd(), 0..20)) {
        let mut peer = peer();
        for message in messages {
            let fault = match &message {
                Ok(text) => peer.text(text).err(),
                Err(bytes) => binary(&mut peer, bytes).err(),
            };
            for namespace in ["/", "/a"] {
                peer.accept(namespace);
            }
            if fault.is_some() {
                break;
            }
        }
    }
}

/// Text or bytes that are nearly packets.
fn odd() -> impl Strategy<Value = Result<String, Vec<u8>>> {
    prop_oneof![
        "[0-6][0-9-]{0,3}(/a,)?[0-9]{0,2}(\\[\"a\",.{0,5}\\])?".prop_map(Ok),
        "[0-7]\\PC{0,20}".prop_map(Ok),
        Just(Ok("0".to_owned())),
        Just(Ok(r#"52-["a",{"_placeholder":true,"num":1}]"#.to_owned())),
        any::<String>().prop_map(Ok),
        any::<Vec<u8>>().prop_map(Err),
    ]
}
