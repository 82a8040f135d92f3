/// Keeps a run to what was reviewed: an action of the saved plan is carried out as long as its device is as it was
/// when the plan was made, or has been moved by runs of this plan only. Pure.
struct PlanReview: Sendable {
    let saved: SavedPlan
    /// The runs that have carried out this plan, the one at hand among them.
    private let runs: Set<Int32>
    /// Devices that were found to have moved.
    private var refused: Set<Int> = []

    /// When the first run of this plan began: what the plan's own lookups have found since is no change of somebody
    /// else's.
    private let startedAt: Timestamp

    /// - Parameter startedAt: when the first run of this plan began.
    init(_ saved: SavedPlan, runs: [RunNumber], startedAt: Timestamp) {
        self.saved = saved
        self.startedAt = startedAt
        self.runs = Set(runs.map { Int32(truncatingIfNeeded: $0.number) })
    }

    /// - Parameter now: when the first run of the plan begins, if none has.
    init(_ saved: SavedPlan, in reader: any StateReader, at now: Timestamp) throws {
        let runs = try reader.runs(of: saved.checksum)
        let startedAt = try reader.runs(runs).values.map(\.startedAt).min()
        self.init(saved, runs: runs, startedAt: startedAt ?? now)
    }

    /// Leaves devices alone from now on, whatever becomes of them.
    /// - Returns: those that were not left alone before.
    mutating func refuse(_ devices: [Int]) -> [Int] {
        devices.filter { refused.insert($0).inserted }
    }

    /// What of a step is within the plan.
    ///
    /// - Parameters:
    ///   - step: what is to be done by what is known now.
    ///   - device: its number in the saved plan.
    ///   - operation: its latest one, unless that succeeded.
    func limit(_ step: PlanStep, of device: Int, _ record: KnownDevice?, _ operation: Operation?) -> PlanStep {
        guard !refused.contains(device) else { return .leaveAlone }
        let reviewed = saved.plan.actions.origin(at: device)
        let asReviewed = PlanStep.act(reviewed.action, attempt: reviewed.attempt)
        guard let record else { return reviewed.version == 0 ? asReviewed : .leaveAlone }
        // What is in doubt is looked up before it is known whether it is as reviewed.
        if case .except(.unconfirmed) = step { return step }
        if record.version == reviewed.version { return asReviewed }
        if runs.contains(record.run) { return goOn(with: step, from: reviewed.action, after: operation) }
        // Somebody else has asked for something since, or is about to.
        if let operation, operation.isOpen || operation.intendedAt > saved.plan.createdAt { return .leaveAlone }
        guard record.run == reviewed.run else { return .leaveAlone }
        if reviewed.known == nil { return afterFirstSight(step, asReviewed, reviewed.action) }
        // The lookup before the call has found the device as it is to be.
        if case .nothing = step, record.provenAtMilliseconds > startedAt.milliseconds { return step }
        guard record.profile == reviewed.known else { return .leaveAlone }
        if case .except(.blocked) = step { return .leaveAlone }
        return asReviewed
    }

    /// This plan has begun with the device. What belongs to the operation itself may follow: another attempt, or what
    /// a download with a warning leaves to be done. With its success the plan is done with the device.
    private func goOn(with step: PlanStep, from reviewed: ProfileAction, after operation: Operation?) -> PlanStep {
        guard case .act(let action, _) = step else { return step }
        let isRest = action == .enable && reviewed == .downloadEnable
        return operation != nil && (action == reviewed || isRest) ? step : .leaveAlone
    }

    /// The plan said that the device was never seen and would be looked up.
    private func afterFirstSight(
        _ step: PlanStep, _ asReviewed: PlanStep, _ reviewed: ProfileAction
    ) -> PlanStep {
        guard case .act(let action, _) = step else { return step }
        return action == reviewed ? asReviewed : .leaveAlone
    }
}
