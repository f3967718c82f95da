//! A message of any type.

use crate::{Fault, Frame, Kind, Notification, Open, RouteRefresh, Update};

/// A message, read as far as it can be without knowing the session: an UPDATE is only cut into its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// OPEN.
    Open(Open),
    /// UPDATE; [`Update::read`] goes on from here.
    Update(Update<'a>),
    /// NOTIFICATION.
    Notification(Notification),
    /// KEEPALIVE.
    Keepalive,
    /// ROUTE-REFRESH; `None` for a subtype that has no meaning and must be ignored (RFC 7313, section 5).
    RouteRefresh(Option<RouteRefresh>),
}

impl<'a> Message<'a> {
    /// Reads the body of a message.
    ///
    /// # Errors
    ///
    /// What the reader of the message type finds wrong.
    pub fn read(frame: Frame<'a>) -> Result<Self, Fault> {
        match frame.kind {
            Kind::Open => Open::read(frame.body).map(Self::Open),
            Kind::Update => Update::split(frame.body).map(Self::Update),
            Kind::Notification => Notification::read(frame.body).map(Self::Notification),
            Kind::Keepalive => Ok(Self::Keepalive),
            Kind::RouteRefresh => RouteRefresh::read(frame.body).map(Self::RouteRefresh),
        }
    }
}
