/// How facts change what is known of a profile: evidence replaces it and clears doubts, a hint raises one. Pure.
extension DeviceRecord {
    /// Takes a state over that is proven, by a list that was asked for at `asOf` or by a callback that came then.
    mutating func prove(
        _ state: ProfileState, word: String?, asOf: Timestamp, source: ObservationSource, lag: Duration
    ) {
        let announced = hint.flatMap { $0.suggests == state && $0.at <= asOf ? $0.foreignRequest : nil }
        learn(state, status: word, at: asOf, source: source, foreignRequest: announced)
        clearHint(by: state, asOf: asOf, lag: lag)
    }

    /// Ends a doubt that evidence has answered.
    ///
    /// Where the profile may be on the card although the records do not show it yet, records that say "not there" answer the
    /// doubt only once they have had time to follow the card.
    ///
    /// - Parameter lag: the time that the carrier's records may be behind its cards.
    mutating func clearHint(by state: ProfileState, asOf: Timestamp, lag: Duration) {
        guard let open = hint, asOf >= open.at else { return }
        let settlesAt = open.at + lag
        if open.allowsPresence, !state.isOnDevice, asOf < settlesAt {
            hint?.lookupAt = settlesAt
        } else {
            hint = nil
        }
    }

    /// Puts what is known in doubt. A hint that is older than the newest evidence still counts where nobody knows when what
    /// it says has happened: only lists that were asked for later clear it.
    mutating func doubt(_ new: Hint) {
        hint = new.joined(with: hint)
    }

    /// Takes note that records were read and said nothing that clears the doubt.
    mutating func noteLookupInVain(asOf: Timestamp) {
        guard let open = hint, asOf >= open.at else { return }
        hint = open.stillOpen(after: asOf)
    }

    /// Takes note that another profile of the card was enabled: at most one is, so that this one is not any more.
    ///
    /// - Parameter time: when that was so; later news of this profile stands above it.
    /// - Returns: whether that changed what is known.
    mutating func otherProfileWasEnabled(at time: Timestamp) -> Bool {
        guard let known = observation, known.state == .downloadedEnabled, known.at <= time, operation?.isOpen != true
        else { return false }
        learn(.downloadedDisabled, status: nil, at: time, source: .otherProfile)
        doubt(
            Hint(
                .otherProfile, at: time, detail: "another profile of its eUICC was enabled",
                suggests: .downloadedDisabled))
        return true
    }
}

extension Timestamp {
    /// The time as far as it can be right at `now`: one that is still to come was written by a clock that was ahead, and
    /// says nothing.
    func believed(at now: Timestamp) -> Timestamp { self > now ? .distantPast : self }
}
