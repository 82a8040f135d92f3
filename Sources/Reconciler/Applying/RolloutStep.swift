/// What may be let out of one profile set now: pure, from its policy and from where its devices stand.
struct RolloutStep: Hashable, Sendable {
    enum Decision: Hashable, Sendable {
        /// So many devices more may be let out; those that are out may be tried again.
        case release(Int)
        /// Too many have failed: nothing more is sent, and what is in flight may land.
        case abort(String)
        /// It was given up before, for this reason.
        case aborted(String)
        case paused(Pause)
    }

    let decision: Decision
    /// How many devices are out when the wave under way is full.
    let waveLimit: Int
    /// The number of the wave that is under way, from 1, and how many there are.
    let wave: Int
    let waveCount: Int

    init(
        of profileSet: String, policy: RolloutPolicy, tally: RolloutTally, record: RolloutRecord?, pauses: [Pause]
    ) {
        let limits = Self.limits(policy.waves, total: tally.total)
        let waveLimit = Self.waveLimit(after: record?.waveLimit ?? 0, tally, limits)
        self.waveLimit = waveLimit
        waveCount = limits.count
        wave = (limits.firstIndex { $0 >= waveLimit } ?? limits.count - 1) + 1
        let pause = pauses.first { $0.scope == .everything || $0.scope == .profileSet(profileSet) }
        if let abort = record?.abort {
            decision = .aborted(abort.reason)
        } else if let reason = Self.reasonToAbort(profileSet, policy.abortWhen, tally) {
            decision = .abort(reason)
        } else if let pause {
            decision = .paused(pause)
        } else {
            decision = .release(max(0, waveLimit - tally.released))
        }
    }

    /// Whether it was given up, now or before.
    var isAborted: Bool {
        switch decision {
        case .abort, .aborted: true
        case .release, .paused: false
        }
    }

    /// How many devices are out at the end of each wave; after the last one all of them.
    static func limits(_ waves: [RolloutPolicy.Amount], total: Int) -> [Int] {
        var limits: [Int] = []
        for wave in waves {
            let limit = min(max(count(wave, of: total), 1), total)
            if limit > limits.last ?? 0 { limits.append(limit) }
        }
        if limits.last != total { limits.append(total) }
        return limits
    }

    private static func count(_ amount: RolloutPolicy.Amount, of total: Int) -> Int {
        switch amount {
        case .devices(let count): count
        case .percent(let share): Int((Double(total) * share / 100).rounded(.up))
        }
    }

    /// A wave is full when so many are out as it was begun for, and over when all of them have landed; what the change
    /// grows or shrinks by meanwhile counts from the next wave on.
    private static func waveLimit(after current: Int, _ tally: RolloutTally, _ limits: [Int]) -> Int {
        guard current == 0 || ((tally.released >= current || tally.pending == 0) && tally.hasLanded) else {
            return current
        }
        return limits.first { $0 > tally.released } ?? limits.last ?? 0
    }

    private static func reasonToAbort(
        _ profileSet: String, _ rule: RolloutPolicy.AbortRule?, _ tally: RolloutTally
    ) -> String? {
        guard let rule, tally.failed > 0, tally.failed >= rule.atLeast, tally.pending + tally.toSendAgain > 0 else {
            return nil
        }
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

extension RolloutPolicy.Amount {
    /// As it is written in the YAML.
    var text: String {
        switch self {
        case .devices(let count): "\(count)"
        case .percent(let share): share == share.rounded() ? "\(Int(share))%" : "\(share)%"
        }
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
