/// How long no run is begun, and why.
struct RunRest: Sendable {
    var failures = 0
    var problem: ControllerStatus.Problem?
    var until = Timestamp.distantPast
    /// Whether the run before was only to look something up, so that what is to be sent need not wait for the next try.
    var hadNothingToSend = false

    func isOver(with survey: FleetSurvey) -> Bool { hadNothingToSend && survey.canSend }
}

/// What a controller leaves alone for a while because of how a run has ended: pure.
struct RunAftermath: Sendable {
    let rest: RunRest
    /// Accounts that are not called for a while, with the reason. Devices about which the carrier has not answered wait by
    /// themselves: the others of their account go on.
    let resting: [AccountName: String]
    /// Whether nothing stood in the way of the run.
    let isSound: Bool

    /// - Parameters:
    ///   - stoppedBefore: accounts that were not called during the run.
    ///   - couldSend: whether there seemed to be something to send.
    init(
        of report: ApplyReport, stoppedBefore: [AccountName: String], after before: RunRest, couldSend: Bool,
        at now: Timestamp, _ options: ControllerOptions
    ) {
        let unanswered = report.unanswered.reasons
        resting = report.stoppedAccounts.filter { stoppedBefore[$0.key] == nil && unanswered[$0.key] != $0.value }
        let failures = before.failures + 1
        switch report.ending {
        case .stopped(let reason)
        where resting.isEmpty && !stoppedBefore.values.contains(reason) && !unanswered.values.contains(reason):
            isSound = false
            rest = RunRest(
                failures: failures, problem: ControllerStatus.Problem(condition: .stopped, text: reason, at: now),
                until: now + options.backOff.wait(after: failures))
        case .interrupted:
            isSound = false
            rest = RunRest()
        default:
            isSound = true
            guard report.requests == 0 else {
                rest = RunRest()
                return
            }
            // A run that has sent nothing although there seemed to be something to do is not begun again at once.
            let wait = min(options.pollInterval * (1 << min(failures, 10)), options.backOff.longest)
            rest = RunRest(failures: failures, problem: nil, until: now + wait, hadNothingToSend: !couldSend)
        }
    }
}
