/// A device of a saved plan that has moved since the plan was made: nothing is done to it.
public struct MovedDevice: Hashable, Sendable {
    public let key: DeviceKey
    /// What was to be done.
    public let action: ProfileAction
    /// What it was in the plan, what it is now, since when and by what: a sentence.
    public let explanation: String

    /// Looks up what has become of devices.
    ///
    /// - Parameter devices: their numbers in the plan.
    static func those(at devices: [Int], of saved: SavedPlan, in reader: any StateReader) throws -> [MovedDevice] {
        let actions = devices.map { saved.plan.actions[$0] }
        let records = try reader.devices(actions.map(\.key))
        let runs = try reader.runs(Set(records.values.compactMap { $0.operation?.run }))
        return actions.map { action in
            let record = records[action.key]
            return MovedDevice(action, record, run: record?.operation?.run.flatMap { runs[$0] }, saved)
        }
    }

    init(_ reviewed: PlannedAction, _ record: DeviceRecord?, run: RunRecord?, _ saved: SavedPlan) {
        key = reviewed.key
        action = reviewed.action
        let was = "It was \(ProfileState.name(of: reviewed.known)) in the plan"
        guard let record else {
            explanation = was + ", and this state store does not know it. Is it another store?"
            return
        }
        var text = was
        if let observation = record.observation {
            let word = observation.profileStatus.map { " (\($0.excerpt(limit: 60)))" } ?? ""
            text +=
                observation.state == reviewed.known
                ? ", and is so still or again" : ", and is \(observation.state.name)\(word)"
            text += ", learnt at \(observation.at) by \(observation.source.name)"
            if observation.state == reviewed.desired.profileState { text += "; that is as desired" }
        } else if reviewed.known != nil {
            text += ", and nothing is known of it now"
        }
        text += "."
        if !record.service.allowsChange { text += " Its line is \(record.service.word)." }
        if let operation = record.operation, operation.intendedAt > saved.plan.createdAt {
            let by = run.map { $0.cause.plan == saved.checksum ? "This plan" : $0.cause.who } ?? "Another run"
            text +=
                " \(by) had asked for \(operation.action.rawValue) at \(operation.intendedAt): "
                + "\(operation.phase.name)."
        }
        explanation = text
    }
}

extension RunCause {
    /// Who does what, as a person would name it.
    public var who: String { RunOwner.description(command: command, person: person, process: process) }
}

extension DesiredState {
    /// The profile state that is desired.
    var profileState: ProfileState {
        switch self {
        case .downloadedEnabled: .downloadedEnabled
        case .downloadedDisabled: .downloadedDisabled
        }
    }
}
