//! What the host of a match may do to it, and what the match does by itself so that it goes on without one.
//! A part of `tick`. Who is the host is not known here: the routes let only the host's acts through.

use std::time::Duration;

use shared::command::Command;
use shared::id::PlayerId;
use shared::protocol::CloseReason;
use shared::world::Phase;

use super::Match;
use crate::bots::skill::Skill;
use crate::journal::run::Desk;
use crate::matches::inbox::{Dismissal, HostAct, WrongPhase};
use crate::settings::BOTS_MAX;

/// Time between the word to begin a round and its beginning.
const COUNTDOWN_MS: u32 = 3_000;
/// Longest pause: then the round goes on by itself, or everybody would wait for a host who has gone.
const PAUSE_MAX: Duration = Duration::from_secs(600);

/// What a host has set up.
#[derive(Debug, Default)]
pub(super) struct Hosting {
    paused_since: Option<Duration>,
    /// Whether the host lets nobody else in.
    pub(super) locked: bool,
    /// Which handing over of the host's rights was the last; 0 is none.
    pub(super) turn: u16,
    /// Who got the host's rights, and the token that they are told.
    heir: Option<(PlayerId, String)>,
    /// Whether the next round is on another map.
    pub(super) moves: bool,
}

impl Hosting {
    /// What a host had set up in the process before.
    pub(super) fn of(desk: Desk) -> Hosting {
        Hosting { locked: desk.locked, turn: desk.host_turn, ..Hosting::default() }
    }
}

impl Match {
    /// Does what the host says, if it is the time for it.
    pub(super) fn obey(&mut self, act: HostAct) -> Result<(), WrongPhase> {
        let phase = self.world.round.phase;
        match act {
            HostAct::Start if phase == Phase::Lobby => self.count_down(),
            // It has begun, as was asked.
            HostAct::Start => {}
            HostAct::Rematch => {
                only_in(phase, &[Phase::Results], "a rematch comes after a round; this one is not over")?;
                // One that is about to go on on another map plays there.
                if !self.hosting.moves {
                    self.count_down();
                }
            }
            HostAct::Pause => {
                only_in(phase, &[Phase::Playing], "only a round that is played can be paused")?;
                self.commands.push(Command::Pause);
            }
            HostAct::Resume => {
                only_in(phase, &[Phase::Paused], "the match is not paused")?;
                self.commands.push(Command::Resume);
            }
            HostAct::End => self.commands.push(Command::EndMatch),
            HostAct::AddBot(skill) => self.add_bot(skill),
            HostAct::RemoveBot => self.want_bots(|bots| bots.saturating_sub(1)),
            HostAct::Lock(locked) => self.hosting.locked = locked,
            HostAct::Move if self.journal.is_none() => {
                return Err(WrongPhase("this server keeps no journals, and no match goes on on another map"));
            }
            HostAct::Move => self.hosting.moves = true,
            HostAct::Team(player, team) => self.commands.push(Command::Team { player, team }),
        }
        Ok(())
    }

    /// `player` has to go; false if they have no seat.
    pub(super) fn remove(&mut self, player: PlayerId, dismissal: Dismissal, now: Duration) -> bool {
        let Some(seat) = self.roster.get_mut(player) else { return false };
        seat.last_words = dismissal.words;
        self.end_link(player, dismissal.reason, now);
        true
    }

    fn add_bot(&mut self, skill: Option<Skill>) {
        if let Some(skill) = skill {
            self.bots.set_skill(skill);
        }
        self.want_bots(|bots| bots.saturating_add(1).min(BOTS_MAX));
    }

    /// Changes how many bots there are to be; people take none of these places away until somebody comes.
    fn want_bots(&mut self, change: impl FnOnce(u32) -> u32) {
        let people = self.roster.len() as u32;
        self.bots_wanted = people + change(self.bots_wanted.saturating_sub(people));
    }

    /// A round begins in a moment.
    pub(super) fn count_down(&mut self) {
        self.commands.push(Command::CountDown { ticks: self.countdown_ticks() });
    }

    /// Ticks of a countdown.
    pub(super) fn countdown_ticks(&self) -> u32 {
        self.settings.tick_hz.ticks_in(COUNTDOWN_MS)
    }

    /// `player` is the host from now on, by this token; false if they are not there to hear it, or if a later turn came first.
    pub(super) fn hand_over(&mut self, player: PlayerId, (turn, token): (u16, String)) -> bool {
        let there = self.roster.get_mut(player).is_some_and(|seat| seat.link.is_some());
        if !there || turn <= self.hosting.turn {
            return false;
        }
        self.hosting.turn = turn;
        self.hosting.heir = Some((player, token));
        self.tell_heir(player);
        true
    }

    /// Tells the token to a player who got the host's rights, also on every newer link of theirs.
    pub(super) fn tell_heir(&mut self, player: PlayerId) {
        let Some((heir, token)) = &self.hosting.heir else { return };
        if let Some(seat) = self.roster.get_mut(player).filter(|_| *heir == player)
            && let Some(link) = &mut seat.link
        {
            link.host_token_due = Some(token.clone());
        }
    }

    /// Whether it is the time to go on on another map: between two rounds, when the last one and the play behind it are
    /// written down. That is done after this is asked, so it is the tick after.
    pub(super) fn leaves_map(&self) -> bool {
        let round = self.world.round;
        let shown_ticks = self.stage.rules.results_ticks.saturating_sub(round.ticks_left);
        let between = match round.phase {
            Phase::Lobby => true,
            Phase::Results => shown_ticks > self.round_tail_ticks(),
            _ => false,
        };
        self.hosting.moves && between
    }

    /// A pause that nobody ends is over after a while.
    pub(super) fn end_long_pause(&mut self, now: Duration) {
        if self.world.round.phase != Phase::Paused {
            self.hosting.paused_since = None;
        } else if now.saturating_sub(*self.hosting.paused_since.get_or_insert(now)) >= PAUSE_MAX {
            self.commands.push(Command::Resume);
        }
    }

    /// What players have to say becomes commands.
    pub(super) fn hear_phrases(&mut self) {
        for seat in self.roster.seats_mut() {
            if let Some(phrase) = seat.phrase.take() {
                self.commands.push(Command::Say { player: seat.player, phrase });
            }
        }
    }

    /// Seats of players who only look on are for others. Nobody has anything to do but in a round.
    pub(super) fn free_inactive(&mut self, now: Duration) {
        let ticks = self.settings.tick_hz.ticks_in(self.timing.inactive.as_millis() as u32);
        let tick = self.world.tick;
        if self.world.round.phase != Phase::Playing || self.playground.is_some() || ticks == 0 {
            self.roster.seats_mut().iter_mut().for_each(|seat| seat.acted_at = tick);
            return;
        }
        // Who is away comes back to a whole minute; a hidden page was promised the seat.
        for seat in self.roster.seats_mut() {
            if seat.link.as_ref().is_none_or(|link| link.hidden) {
                seat.acted_at = tick;
            }
        }
        for player in self.roster.inactive(tick, ticks) {
            self.end_link(player, CloseReason::Inactive, now);
        }
    }
}

fn only_in(phase: Phase, right: &[Phase], else_say: &'static str) -> Result<(), WrongPhase> {
    if right.contains(&phase) { Ok(()) } else { Err(WrongPhase(else_say)) }
}
