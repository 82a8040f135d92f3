/// By what a process judges evidence.
public struct EvidenceRule: Hashable, Sendable {
    /// Whether a device is looked up before it is acted upon, or a person says that what the store knows is right.
    public var verification: ApplyOptions.Verification
    /// Evidence that is older permits no download.
    public var verifyAfter: Duration
    /// Evidence of before this time permits no download: it is of an earlier process, and the store may have been restored
    /// or copied since. For a person who says `trust`, the time of saying so.
    public var since: Timestamp

    public init(
        since: Timestamp, verification: ApplyOptions.Verification = .lookup,
        verifyAfter: Duration = ConvergencePolicy().verifyAfter
    ) {
        self.since = since
        self.verification = verification
        self.verifyAfter = verifyAfter
    }

    /// A download that follows a failed one goes by evidence that is no older than this: the card may have done it late.
    static let longestAgeAfterAttempt = Duration.seconds(30 * 60)

    /// Whether a person has said that the store is right in spite of a hint, which had come by then. That a profile may be
    /// there stands against any download.
    ///
    /// - Parameter action: what is to be sent; `nil` if nothing is.
    func covers(_ hint: Hint, before action: ProfileAction?) -> Bool {
        guard verification == .trust, hint.at < since else { return false }
        return !(action?.isDownload ?? false) || !hint.suggestsPresence
    }
}

/// Whether a device may be called.
public enum CallPermission: Hashable, Sendable {
    case permitted
    /// Not before the carrier's records were read, which is due at a time.
    case lookUpFirst(LookupReason, notBefore: Timestamp)
}

/// Why a device is looked up before it is called.
public enum LookupReason: Hashable, Sendable {
    /// Nothing is known of it.
    case neverSeen
    /// What is known is not what the action starts from.
    case otherState(ProfileState)
    /// What is known was not learned from evidence.
    case unproven
    /// Something puts what is known in doubt.
    case doubt(Hint)
    /// An attempt was made since the state was proven.
    case attempt
    /// The evidence is too old, or of an earlier process, or of a clock that was ahead.
    case outdated(Timestamp)
}

/// What proves, and what puts in doubt, how a profile is: the only place that permits a call.
///
/// A download, which cannot be taken back, leaves only when the newest evidence says that the profile is not there, is
/// young, and nothing has happened since it was asked for: no call of ours, no hint. `disable`, which takes a device off
/// the network, needs evidence of presence of that kind. `enable` needs evidence of presence of any age. See DESIGN.md,
/// "Evidence".
struct Evidence: Hashable, Sendable {
    /// The latest call for the device that may have been carried out.
    struct Attempt: Hashable, Sendable {
        let intendedAt: Timestamp
        /// When the next one is due: records lag behind cards, so that what was read before proves nothing.
        let dueAt: Timestamp
        let isOpen: Bool
    }

    var state: ProfileState?
    /// When the state was proven; `nil` if it never was.
    var provenAt: Timestamp?
    var hint: Hint?
    var attempt: Attempt?

    /// - Parameter now: the time at which the call would leave.
    func permission(for action: ProfileAction, at now: Timestamp, by rule: EvidenceRule) -> CallPermission {
        let isTrusted = rule.verification == .trust
        if let hint, !rule.covers(hint, before: action) {
            return .lookUpFirst(.doubt(hint), notBefore: hint.dueAt(now))
        }
        // What was tried before a person said that the store is right, the person has taken into account.
        let attempt = attempt.map { $0.believed(at: now) }.flatMap {
            isTrusted && !$0.isOpen && $0.intendedAt < rule.since ? nil : $0
        }
        if let attempt, attempt.isOpen { return .lookUpFirst(.attempt, notBefore: attempt.dueAt) }
        // A time that is still to come was written by a clock that was ahead.
        var proven = provenAt.flatMap { $0 > now ? nil : $0 }
        if isTrusted { proven = max(proven ?? rule.since, min(rule.since, now)) }
        guard let proven else {
            if let provenAt { return .lookUpFirst(.outdated(provenAt), notBefore: now) }
            return .lookUpFirst(state == nil ? .neverSeen : .unproven, notBefore: now)
        }
        let startsFromPresence = !action.isDownload
        if let state, state == .unknown || state.isOnDevice != startsFromPresence {
            return .lookUpFirst(.otherState(state), notBefore: now)
        }
        if action == .enable { return .permitted }
        if let attempt, proven <= attempt.intendedAt || proven < attempt.dueAt {
            return .lookUpFirst(.attempt, notBefore: attempt.dueAt)
        }
        let longestAge =
            attempt == nil ? rule.verifyAfter : min(rule.verifyAfter, EvidenceRule.longestAgeAfterAttempt)
        guard proven >= min(rule.since, now), proven >= now - longestAge else {
            return .lookUpFirst(.outdated(proven), notBefore: now)
        }
        return .permitted
    }
}

extension Evidence {
    init(_ record: DeviceRecord?) {
        self.init(
            state: record?.observation?.state, provenAt: record?.provenAt, hint: record?.hint,
            attempt: record?.operation.flatMap { Attempt($0) })
    }

    init(_ known: KnownDevice?, hint: Hint?, operation: Operation?) {
        let provenAt = known?.provenAtMilliseconds ?? 0
        self.init(
            state: known?.profile, provenAt: provenAt == 0 ? nil : Timestamp(milliseconds: provenAt), hint: hint,
            attempt: operation.flatMap { Attempt($0) })
    }
}

extension Evidence.Attempt {
    /// The attempt as far as its times can be right: those of a clock that was ahead count as long past.
    fileprivate func believed(at now: Timestamp) -> Self {
        guard intendedAt > now + Operation.clockTolerance else { return self }
        return Self(intendedAt: .distantPast, dueAt: .distantPast, isOpen: isOpen)
    }

    /// `nil` for an operation that provably changed nothing since, or whose success was proven.
    init?(_ operation: Operation) {
        switch operation.phase {
        case .intended, .submitted, .enablePending, .unresolved:
            self.init(intendedAt: operation.intendedAt, dueAt: operation.intendedAt, isOpen: true)
        case .failed(_, let retryAt):
            self.init(
                intendedAt: operation.intendedAt, dueAt: retryAt ?? operation.intendedAt, isOpen: false)
        case .withdrawn where operation.attempt > 1:
            // It changed nothing itself, but one before it was sent, and its evidence ages as fast.
            self.init(intendedAt: .distantPast, dueAt: .distantPast, isOpen: false)
        case .succeeded, .withdrawn:
            return nil
        }
    }
}
