//! What must hold of any bytes from a BGP peer: no panic, and what is read, written and read again is the same.
//!
//! Where the meaning of bytes depends on a session, the first byte of the input chooses it.

use bgp_wire::{
    Attributes, EXTENDED_LIMIT, Families, Fault, Frame, Judged, KEEPALIVE, Message, Neighbor, NextHop, Notification,
    Open, Origin, Prefix4, Prefix6, Role, RouteRefresh, Routes, STANDARD_LIMIT, Session, Template, Update, announce4,
    announce6, frame as cut, withdraw4, withdraw6,
};

/// A stream of messages, cut and read one by one.
pub fn frame(bytes: &[u8]) {
    let Some((&first, mut stream)) = bytes.split_first() else { return };
    let extended = first & 1 != 0;
    loop {
        match cut(stream, extended) {
            Ok(Some(frame)) => {
                let length = frame.length();
                assert!(length <= stream.len() && length <= if extended { EXTENDED_LIMIT } else { STANDARD_LIMIT });
                // Less of the same is not yet a message, and nothing else.
                for less in (0..length.min(24)).chain([length - 1]) {
                    assert_eq!(cut(&stream[..less], extended), Ok(None));
                }
                message(frame);
                stream = &stream[length..];
            }
            Ok(None) => return,
            Err(fault) => return refusal(&fault),
        }
    }
}

/// Any message: what can be written without a session means the same again.
fn message(frame: Frame<'_>) {
    let mut out = Vec::new();
    match Message::read(frame) {
        Ok(Message::Open(open)) => assert!(open.write(&mut out).is_ok()),
        Ok(Message::Notification(notification)) => notification.write(EXTENDED_LIMIT, &mut out),
        Ok(Message::Keepalive) => out.extend(KEEPALIVE),
        Ok(Message::RouteRefresh(Some(refresh))) => refresh.write(&mut out),
        Ok(Message::RouteRefresh(None) | Message::Update(_)) => return,
        Err(fault) => return refusal(&fault),
    }
    assert_eq!(Message::read(whole(&out)), Message::read(frame));
}

/// The body of an OPEN.
pub fn open(body: &[u8]) {
    let Some(body) = body.get(..body.len().min(STANDARD_LIMIT - 19)) else { return };
    let open = match Open::read(body) {
        Ok(open) => open,
        Err(fault) => return refusal(&fault),
    };
    let mut out = Vec::new();
    assert!(open.write(&mut out).is_ok());
    assert_eq!(Message::read(whole(&out)), Ok(Message::Open(open.clone())));
    let _ = (open.role_beside(Role::PROVIDER), open.graceful_restart());
    let session = Session::agreed(&open, &open);
    assert_eq!(session.families, open.families());
    assert_eq!(session.families.and(session.add_path), session.add_path);
    assert_eq!(session.neighbor, Neighbor::Internal);
}

/// The body of a NOTIFICATION.
pub fn notification(body: &[u8]) {
    let Some(body) = body.get(..body.len().min(EXTENDED_LIMIT - 19)) else { return };
    let Ok(read) = Notification::read(body) else { return assert!(body.len() < 2) };
    assert!(!read.to_string().contains(['\n', '\r', '\u{1b}']));
    let mut out = Vec::new();
    read.write(EXTENDED_LIMIT, &mut out);
    assert_eq!(out.get(19..), Some(body));
    if let Some(text) = read.text() {
        assert_eq!(Notification::with_text(read.cause, &text).text(), Some(text));
    }
    if let Some((family, limit)) = read.prefix_limit() {
        assert_eq!(Notification::maximum_prefixes(family, limit).prefix_limit(), Some((family, limit)));
    }
    if let Some(inner) = read.inner() {
        assert_eq!(Notification::hard_reset(&inner), read);
    }
}

/// The body of a ROUTE-REFRESH.
pub fn route_refresh(body: &[u8]) {
    let Some(body) = body.get(..body.len().min(EXTENDED_LIMIT - 19)) else { return };
    match RouteRefresh::read(body) {
        Ok(Some(refresh)) => {
            let mut out = Vec::new();
            refresh.write(&mut out);
            assert_eq!(out.get(19..), Some(body));
        }
        Ok(None) => assert!(body.len() == 4 && body[2] > 2),
        Err(fault) => {
            assert_ne!(body.len(), 4);
            refusal(&fault);
        }
    }
}

/// A list of path attributes: those of a table that reads again what it remembered.
pub fn attributes(bytes: &[u8]) {
    let Some((session, list)) = session(bytes) else { return };
    let Some(list) = list.get(..list.len().min(EXTENDED_LIMIT)) else { return };
    let attributes = Attributes::read(list, &session);
    assert!(attributes.faults.first().len() <= attributes.faults.count());
    for fault in attributes.faults.first() {
        assert!(!fault.to_string().contains('\n'));
        refusal(&fault.to_fault());
    }
    if let Some(path) = attributes.as_path {
        let whole = path.to_segments();
        assert!(path.asns().eq(whole.iter().flat_map(|segment| segment.asns.iter().copied())));
        assert!(path.asns().all(|asn| asn.0 != 0 && path.contains(asn)));
        assert!(path.length() <= path.asns().count());
    }
    for apart in [false, true] {
        match Judged::read(list, session.class(), apart) {
            Ok(judged) if !judged.treat_as_withdraw => assert!(judged.attributes.to_set().is_some()),
            Ok(_) => {}
            Err(fault) => refusal(&fault),
        }
    }
    let Some(set) = attributes.to_set() else { return };
    assert!(set.origin <= Origin::Incomplete);
    let Ok(template) = set.template(&session) else { return assert!(list.len() > EXTENDED_LIMIT / 4) };
    let again = Attributes::read(template.bytes(), &session);
    assert_eq!(again.faults.count(), 0);
    assert_eq!(again.to_set().as_ref(), Some(&set));
    assert_eq!(set.template(&session), Ok(template));
    // To a session of any other class it can be written too.
    for class in [
        bgp_wire::AttributeClass { neighbor: Neighbor::External, four_octet_as: true },
        bgp_wire::AttributeClass { neighbor: Neighbor::External, four_octet_as: false },
        bgp_wire::AttributeClass { neighbor: Neighbor::Internal, four_octet_as: true },
    ] {
        let mut other = set.clone();
        other.leave_as();
        let Ok(template) = other.template(&class.session()) else { continue };
        assert_eq!(Attributes::read(template.bytes(), &class.session()).to_set(), Some(other));
    }
}

/// The body of an UPDATE.
pub fn update(bytes: &[u8]) {
    let Some((session, body)) = session(bytes) else { return };
    let Some(body) = body.get(..body.len().min(EXTENDED_LIMIT - 19)) else { return };
    let update = match Update::split(body) {
        Ok(update) => update,
        Err(fault) => return refusal(&fault),
    };
    remembered(&update, &session);
    let reading = match update.read(&session) {
        Ok(reading) => reading,
        Err(fault) => return refusal(&fault),
    };
    let (mut gone, mut here) = (Lists::default(), Lists::default());
    reading.withdrawals().for_each(|routes| gone.add(routes));
    let (mut sent, session) = (Vec::new(), Session { add_path: Families::NONE, ..session });
    let (mut four, mut six) = (gone.four.iter().copied(), gone.six.iter().copied());
    while withdraw4(&mut sent, STANDARD_LIMIT, &mut four) > 0 {}
    while withdraw6(&mut sent, STANDARD_LIMIT, &mut six) > 0 {}
    let mut hops = Vec::new();
    for (hop, routes) in reading.announcements() {
        let Some(set) = reading.attributes.to_set() else { panic!("an announcement without ORIGIN or AS_PATH") };
        let Ok(template) = set.template(&session) else { return };
        if announce(&mut sent, &template, hop, routes).is_none() {
            return assert!(template.bytes().len() > EXTENDED_LIMIT - 100);
        }
        here.add(routes);
        hops.push(hop);
    }
    // What was sent on says the same.
    let (mut gone_again, mut here_again) = (Lists::default(), Lists::default());
    let mut rest = sent.as_slice();
    while let Ok(Some(frame)) = cut(rest, true) {
        let Ok(Message::Update(update)) = Message::read(frame) else { panic!("no UPDATE") };
        let Ok(again) = update.read(&session) else { panic!("what was sent ends the session") };
        assert!(!again.treat_as_withdraw && again.attributes.faults.count() == 0);
        assert_eq!(update.end_of_rib(), None);
        again.withdrawals().for_each(|routes| gone_again.add(routes));
        for (hop, routes) in again.announcements() {
            assert!(hops.contains(&hop));
            assert_eq!(again.attributes.to_set(), reading.attributes.to_set());
            here_again.add(routes);
        }
        rest = &rest[frame.length()..];
    }
    assert!(rest.is_empty());
    assert_eq!((gone_again, here_again), (gone, here));
}

/// The promise of [`Update::plain`]: what is remembered by it is what full reading says.
fn remembered(update: &Update<'_>, session: &Session) {
    let Some(plain) = update.plain(session) else { return };
    let reading = update.read(session);
    if let Ok(reading) = &reading {
        assert_eq!((plain.withdrawn, plain.unreach), (reading.withdrawn, reading.attributes.unreach));
    }
    let Some(announced) = plain.announced else {
        return assert!(reading.is_ok_and(|reading| reading.announcements().count() == 0));
    };
    let mut bytes = Vec::new();
    announced.attributes.append_to(&mut bytes);
    assert!(announced.attributes.as_slice().is_none_or(|slice| slice == bytes));
    let judged = Judged::read(&bytes, session.class(), announced.next_hop.is_some());
    let essence = |attributes: &Attributes<'_>| (attributes.to_set(), attributes.next_hop, attributes.faults.count());
    match (&reading, &judged) {
        (Ok(reading), Ok(judged)) => {
            assert_eq!(reading.treat_as_withdraw, judged.treat_as_withdraw);
            assert_eq!(essence(&reading.attributes), essence(&judged.attributes));
            match announced.next_hop {
                None => assert_eq!(announced.routes, Routes::V4(reading.announced)),
                Some(hop) => assert!(
                    reading
                        .attributes
                        .reach
                        .is_some_and(|reach| (reach.next_hop, reach.routes) == (hop, announced.routes))
                ),
            }
        }
        (Err(one), Err(other)) => assert_eq!(one, other),
        (one, other) => panic!("{one:?} is remembered as {other:?}"),
    }
}

/// Routes by family, in order.
#[derive(Debug, Default, PartialEq)]
struct Lists {
    four: Vec<Prefix4>,
    six: Vec<Prefix6>,
}

impl Lists {
    fn add(&mut self, routes: Routes<'_>) {
        let before = self.four.len() + self.six.len();
        match routes {
            Routes::V4(routes) => self.four.extend(routes.iter().map(|(_, prefix)| prefix)),
            Routes::V6(routes) => self.six.extend(routes.iter().map(|(_, prefix)| prefix)),
        }
        assert_eq!(self.four.len() + self.six.len() - before, routes.count());
    }
}

/// Announces routes; `None` when the attributes leave no room for one.
fn announce(out: &mut Vec<u8>, template: &Template, hop: NextHop, routes: Routes<'_>) -> Option<()> {
    match (hop, routes) {
        (NextHop::V4(hop), Routes::V4(routes)) => {
            let mut routes = routes.iter().map(|(_, prefix)| prefix);
            while announce4(out, EXTENDED_LIMIT, template, hop, &mut routes).ok()? > 0 {}
        }
        (NextHop::V6(hop), Routes::V6(routes)) => {
            let mut routes = routes.iter().map(|(_, prefix)| prefix);
            while announce6(out, EXTENDED_LIMIT, template, &hop, &mut routes).ok()? > 0 {}
        }
        (NextHop::V4(_), Routes::V6(_)) | (NextHop::V6(_), Routes::V4(_)) => panic!("a next hop of the other family"),
    }
    Some(())
}

/// The session that the first byte stands for, and what follows it.
fn session(bytes: &[u8]) -> Option<(Session, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let bit = |number: u8| first >> number & 1 != 0;
    let families = Families { v4: !bit(2), v6: !bit(3) };
    let session = Session {
        neighbor: if bit(0) { Neighbor::Internal } else { Neighbor::External },
        four_octet_as: !bit(1),
        families,
        add_path: families.and(Families { v4: bit(4), v6: bit(5) }),
        receive_extended: true,
        send_extended: true,
    };
    Some((session, rest))
}

/// A fault has a NOTIFICATION that any peer can take, and one line for the log.
fn refusal(fault: &Fault) {
    assert!(!fault.to_string().contains('\n'));
    let told = fault.notification();
    let mut out = Vec::new();
    told.write(STANDARD_LIMIT, &mut out);
    let Ok(Message::Notification(again)) = Message::read(whole(&out)) else { panic!("no NOTIFICATION") };
    assert_eq!(again.cause, told.cause);
    assert!(told.data.starts_with(&again.data));
}

/// The one message that a buffer is.
fn whole(bytes: &[u8]) -> Frame<'_> {
    match cut(bytes, true) {
        Ok(Some(frame)) if frame.length() == bytes.len() => frame,
        other => panic!("{other:?} of {} bytes", bytes.len()),
    }
}
