extension ControllerStatus {
    /// Whether the fleet was looked at: before, nothing is known of it.
    public var hasFleet: Bool { lookedAt != nil }

    /// Whether callbacks are kept and a fleet is looked after.
    public func isReady(at now: Timestamp) -> Bool { unreadiness(at: now).isEmpty }

    /// Why callbacks are not kept or no fleet is looked after, in a few words each that anybody may read.
    public func unreadiness(at now: Timestamp) -> [String] {
        var reasons: [String] = []
        if !hasFleet {
            reasons.append(
                manifests.loadedAt == nil ? "the manifests are not read yet" : "the fleet was not looked at yet")
        }
        if case .untried = store {
            reasons.append("the state store was not tried yet")
        } else if let problem = store.problem(at: now) {
            reasons.append("the state store keeps nothing: \(problem.summary)")
        }
        if !accounts.isEmpty, accounts.allSatisfy({ $0.registrationProblem != nil || $0.silence != nil }) {
            // One account whose callbacks go elsewhere is no reason to take the others' endpoint out of service.
            reasons.append("the callbacks of no account come here")
        }
        return reasons
    }

    /// What does not work although callbacks are kept and a fleet is looked after, in a few words each that anybody may
    /// read.
    public var degradations: [String] {
        var reasons: [String] = []
        switch carrier {
        case .untried, .answers: break
        case .unreachable: reasons.append("the carrier cannot be reached")
        case .unusable: reasons.append("what answers in the carrier's place cannot be used")
        case .noSignIn: reasons.append("nobody is signed in at the carrier")
        }
        if accounts.contains(where: { $0.registrationProblem != nil }) {
            reasons.append("the carrier sends callbacks of an account elsewhere")
        }
        if accounts.contains(where: { $0.silence != nil }) { reasons.append("callbacks of an account do not come") }
        reasons += callbackTroubles.map(\.summary)
        if manifests.problem != nil { reasons.append("the latest manifests are not in use") }
        if problem != nil { reasons.append("nothing can be sent") }
        return reasons
    }
}
