//! The page at `/`: what is running, the kinds and open rooms, what to type or open next.

use parlour_engine::schema::Kinds;
use serde_json::Value;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const PAGE: &str = include_str!("page.html");
const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7350);

/// The page, made anew for each visit.
pub(crate) fn index(kinds: &Kinds, listed: &Value, address: SocketAddr, guests: bool) -> String {
    PAGE.replace("{{server}}", &escape(crate::NAME))
        .replace("{{address}}", &escape(&address.to_string()))
        .replace("{{guests}}", if guests { "" } else { "hidden" })
        .replace("{{tokens}}", if guests { "hidden" } else { "" })
        .replace("{{kinds}}", &kinds_list(kinds, &server_flag(address)))
        .replace("{{rooms}}", &rooms_table(listed))
}

/// What a command needs to find this server, unless it listens where they look first.
fn server_flag(address: SocketAddr) -> String {
    if address == DEFAULT { String::new() } else { format!(" --server http://{address}") }
}

fn kinds_list(kinds: &Kinds, flag: &str) -> String {
    let mut html = String::new();
    for kind in kinds.iter() {
        let name = escape(kind.name());
        let _ = write!(
            html,
            "<li><span class=\"kind\">{name}</span> <span class=\"quiet\">rules {}</span>\
             <pre tabindex=\"0\">parlour play {name}{flag}</pre></li>",
            kind.rules()
        );
    }
    html
}

fn rooms_table(listed: &Value) -> String {
    if listed.is_null() {
        return "<p class=\"empty\">Whoever brings a token may list them: <code>parlour rooms ls</code></p>".to_owned();
    }
    let rooms = listed["rooms"].as_array().map(Vec::as_slice).unwrap_or_default();
    if rooms.is_empty() {
        return "<p class=\"empty\">No room is open yet. The command above opens one.</p>".to_owned();
    }
    let mut html = String::from(
        "<table><thead><tr><th scope=\"col\">Room</th><th scope=\"col\">Kind</th><th scope=\"col\">State</th>\
         <th scope=\"col\">Players</th><th scope=\"col\">Watching</th></tr></thead><tbody>",
    );
    for room in rooms {
        let text = |key: &str| escape(room[key].as_str().unwrap_or_default());
        let players = match (room["members"].as_array(), room["seats"].as_u64()) {
            (Some(members), Some(seats)) => {
                let names: Vec<&str> = members.iter().filter_map(|member| member["name"].as_str()).collect();
                let names = if names.is_empty() { String::new() } else { format!(" · {}", escape(&names.join(", "))) };
                format!("{} of {seats}{names}", members.len())
            }
            _ => "asleep".to_owned(),
        };
        let state = match (room["status"].as_str(), room["outcome"].as_str()) {
            (Some("ended"), Some(outcome)) => format!("ended: {}", escape(&outcome.replace('_', " "))),
            (Some(status), _) => escape(status),
            _ => String::new(),
        };
        let watching = room["spectators"].as_u64().map(|count| count.to_string()).unwrap_or_default();
        let _ = write!(
            html,
            "<tr><td class=\"name\">{}</td><td>{}</td><td><span class=\"state {}\">{state}</span></td><td>{players}</td>\
             <td class=\"number\">{watching}</td></tr>",
            text("room_id"),
            text("kind"),
            text("status"),
        );
    }
    html.push_str("</tbody></table>");
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_cannot_bring_markup_into_the_page() {
        let listed =
            json!({"rooms": [{"room_id": "a", "kind": "k", "status": "open", "seats": 2, "members": [{"name": "<script>"}]}]});
        let html = index(&Kinds::new(), &listed, ([127, 0, 0, 1], 1).into(), true);
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script>"));
    }
}
