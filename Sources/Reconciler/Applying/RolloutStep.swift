/// What may be let out of one profile set now: pure, from its policy and from where its devices stand.
struct RolloutStep: Hashable, Sendable {
    enum Decision: Hashable, Sendable {
        /// So many devices more may be let out; those that are out may be tried again.
        case release(Int)
        /// The same as soon as a maintenance window opens, and nothing before that.
        case closed(Int, opensAt: Timestamp)
        /// Too many have failed: nothing more is sent, and what is in flight may land.
        case abort(String)
        /// It was given up before, for this reason.
        case aborted(String)
        case paused(Pause)
        /// More would change than `maxChange` allows, and nobody has said that it may.
        case tooLarge(LargeChange)
    }

    let decision: Decision
    /// The wave under way.
    let wave: RolloutWave

    /// - Parameters:
    ///   - pendingByLabels: how many of the pending devices belong to each wave that goes by labels.
    ///   - opensAt: when devices may be changed, if no window is open now.
    ///   - largeChange: what holds the set, if large changes do.
    init(
        of profileSet: String, policy: RolloutPolicy, tally: RolloutTally, record: RolloutRecord?, pauses: [Pause],
        pendingByLabels: [[String: String]: Int] = [:], opensAt: Timestamp? = nil,
        largeChange: LargeChange? = nil
    ) {
        wave = RolloutWave(policy.waves, tally, record: record, pendingByLabels: pendingByLabels)
        let budget = wave.budget
        let pause = pauses.first { $0.scope == .everything || $0.scope == .profileSet(profileSet) }
        if let abort = record?.abort {
            decision = .aborted(abort.reason)
        } else if let reason = Self.reasonToAbort(profileSet, policy.abortWhen, tally) {
            decision = .abort(reason)
        } else if let pause {
            decision = .paused(pause)
        } else if let largeChange {
            decision = .tooLarge(largeChange)
        } else if let opensAt {
            decision = .closed(budget, opensAt: opensAt)
        } else {
            decision = .release(budget)
        }
    }

    /// Whether it was given up, now or before.
    var isAborted: Bool {
        switch decision {
        case .abort, .aborted: true
        case .release, .closed, .paused, .tooLarge: false
        }
    }

    /// Whether its windows are closed, and nothing else is in the way.
    var isClosed: Bool {
        if case .closed = decision { return true }
        return false
    }

    /// How many devices more may be let out now or when a window opens; `nil` if something else is in the way.
    var budget: Int? {
        switch decision {
        case .release(let budget), .closed(let budget, _): budget
        case .abort, .aborted, .paused, .tooLarge: nil
        }
    }

    private static func reasonToAbort(
        _ profileSet: String, _ rule: RolloutPolicy.AbortRule?, _ tally: RolloutTally
    ) -> String? {
        guard let rule, tally.failed > 0, tally.failed >= rule.atLeast, tally.hasWork else { return nil }
        let isTooMany =
            switch rule.failed {
            case .percent(let share): Double(tally.failed) * 100 > share * Double(tally.released)
            case .devices(let count): tally.failed > count
            }
        guard isTooMany else { return nil }
        return "\(tally.failed) of the \(tally.released) devices of profile set \(profileSet) that were let out have "
            + "failed, are held or blocked, and its abortWhen allows \(rule.failed.text)."
    }
}

extension EID {
    /// Where an eUICC, with all its profiles, stands in the order in which a set is let out: the same in every run, and
    /// unrelated to the order of the identifiers, which mostly follows sites and makes.
    func rolloutOrder(in profileSet: String) -> UInt64 {
        var word: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in profileSet.utf8 { word = (word ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        for part in [high.word, low.word] {
            word = (word ^ part) &* 0x9E37_79B9_7F4A_7C15
            word ^= word >> 29
        }
        word &*= 0xBF58_476D_1CE4_E5B9
        return word ^ word >> 32
    }
}
