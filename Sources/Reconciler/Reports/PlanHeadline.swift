/// What people read first of a plan.
public struct PlanHeadline: Sendable {
    /// What would be done: "5 downloadEnable, 1 enable", or that it is nothing.
    public let title: String
    /// What stands in the way, what is as desired, what was never seen, what drifted.
    public let detail: String
    /// Sentences about the part of the fleet that the plan is about; empty if it is about all of it.
    public let partial: [String]
    /// A sentence about devices that nobody manages, if there are any.
    public let unmanaged: String?

    public init(_ plan: Plan, _ summary: PlanSummary) {
        let exceptions = plan.exceptionReasons.map { "\($0.count.grouped) \($0.name)" }
        let converged =
            "\(plan.convergedCount.grouped) of \(counted(plan.desiredCount, plan.part == nil ? "device" : "selected device")) as desired."
        var sentences = [(exceptions + [converged]).joined(separator: ", ")]
        if summary.neverSeen > 0 { sentences.append("\(counted(summary.neverSeen, "device")) never seen.") }
        if !plan.drifts.isEmpty { sentences.append("\(counted(plan.drifts.count, "device")) drifted.") }
        title = plan.isConverged ? "Nothing to do" : summary.total == 0 ? "no changes" : summary.actions.phrase
        detail = sentences.joined(separator: " ")
        partial = plan.part.map(Self.sentences) ?? []
        unmanaged =
            plan.unmanaged.isEmpty
            ? nil
            : "\(counted(plan.unmanaged.count, "device")) in the store that the YAML does not name; never touched."
    }

    private static func sentences(_ part: FleetPart) -> [String] {
        let others = part.count < part.fleetCount ? "; the others are left as they are." : "."
        var sentences = [
            "\(part.count.grouped) of \(counted(part.fleetCount, "device")) selected "
                + "by \(part.shortOptions)\(others)"
        ]
        if part.addedWithCard > 0 {
            sentences.append(
                "\(counted(part.addedWithCard, "device")) more than was asked for: profiles of one eUICC are "
                    + "switched together.")
        }
        if part.leftOutWithCard > 0 {
            sentences.append(
                "\(counted(part.leftOutWithCard, "device")) fewer than was asked for: the eUICC holds an excluded "
                    + "profile, and its profiles are switched together.")
        }
        return sentences
    }
}

extension PlannedAction {
    /// From what it would be changed, with what else a reviewer should know: "never seen (looked up first)",
    /// "notDownloaded as of 3 days ago (drift)".
    ///
    /// - Parameter now: when the plan was made.
    public func origin(at now: Timestamp) -> String {
        var notes: [String] = []
        if isUnverified { notes.append("looked up first") }
        if isDrift { notes.append("drift") }
        if attempt > 1 { notes.append("attempt \(attempt)") }
        let age = provenAt.flatMap { $0.age(at: now) }.map { " as of \($0)" } ?? ""
        let from = known.map { $0.name + age } ?? "never seen"
        return notes.isEmpty ? from : "\(from) (\(notes.joined(separator: ", ")))"
    }
}

extension Plan {
    /// The labels of a planned action's device, in the order of their names.
    public func labels(at position: Int) -> [(key: String, value: String)] {
        labels(ofDevice: actions.deviceIndex(at: position))
    }

    /// The labels of a device, by its number among those of the fleet.
    func labels(ofDevice device: Int) -> [(key: String, value: String)] {
        let fleet = actions.fleet
        guard fleet.devices.indices.contains(device) else { return [] }
        return fleet.labels(of: fleet.devices[device]).sorted { $0.key < $1.key }
    }
}
