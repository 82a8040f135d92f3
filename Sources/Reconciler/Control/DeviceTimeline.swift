/// Everything that has happened to one device, in order, with who or what caused it.
struct DeviceTimeline {
    private(set) var entries: [DeviceStatus.Event] = []
    private(set) var runs: [RunNumber: RunRecord] = [:]
    private(set) var requests: [RequestNumber: RequestRecord] = [:]
    let callbacks: [CallbackRecord]

    init() {
        callbacks = []
    }

    /// - Parameters:
    ///   - events: of the device, oldest first.
    ///   - callbacks: that were about it, oldest first.
    init(_ events: [StateEvent], callbacks: [CallbackRecord], in reader: any StateReader) throws {
        self.callbacks = callbacks
        for number in Set(events.compactMap(\.request)) { requests[number] = try reader.request(number) }
        let numbers = events.compactMap(\.run) + requests.values.compactMap(\.run)
        runs = try reader.runs(Set(numbers))
        let told = Set(events.compactMap(\.callback))
        var silent = callbacks.filter { !told.contains($0.number) }[...]
        var introduced: Set<RunNumber> = []
        for event in events {
            while let callback = silent.first, callback.receivedAt < event.at {
                entries.append(Self.entry(callback))
                silent.removeFirst()
            }
            if let number = event.run, let run = runs[number], introduced.insert(number).inserted {
                entries.append(Self.entry(run))
            }
            entries.append(entry(event))
        }
        entries += silent.map { Self.entry($0) }
    }

    private func entry(_ event: StateEvent) -> DeviceStatus.Event {
        let deliveries = event.callback.flatMap { number in callbacks.first { $0.number == number }?.deliveries } ?? 1
        let isMessage = event.kind == .callback || event.kind == .observed
        return DeviceStatus.Event(
            at: event.at.description, event: event.kind.name,
            detail: event.detail + (isMessage && deliveries > 1 ? " (delivered \(deliveries) times)" : ""),
            cause: cause(of: event), commit: commit(behind: event), run: event.run?.number,
            request: event.request?.number,
            callback: event.callback?.number, operation: event.operation?.number)
    }

    private func cause(of event: StateEvent) -> String? {
        if let callback = event.callback { return "callback \(callback.number)" }
        let request = event.request.flatMap { requests[$0] }
        switch event.kind {
        case .accepted, .refused, .notSent, .outcomeUnknown, .failed: if let request { return summary(of: request) }
        case .lookedUp: if let request { return summary(of: request) }
        case .intended, .callback, .succeeded, .enablePending, .observed, .resolved, .overdue: break
        }
        return event.run.map { "run \($0)" + (commit(behind: event).map { ", commit \($0.prefix(12))" } ?? "") }
    }

    private func summary(of request: RequestRecord) -> String {
        let commit = request.run.flatMap { runs[$0]?.cause.commit }
        return request.summary + (commit.map { ", commit \($0.prefix(12))" } ?? "")
    }

    /// What a callback tells was caused by the run that made the request.
    private func commit(behind event: StateEvent) -> String? {
        let run = event.run ?? event.request.flatMap { requests[$0]?.run }
        return run.flatMap { runs[$0]?.cause.commit }
    }

    private static func entry(_ run: RunRecord) -> DeviceStatus.Event {
        DeviceStatus.Event(
            at: run.startedAt.description, event: "run \(run.number)", detail: run.cause.summary, cause: nil,
            commit: run.cause.commit, run: run.number.number, request: nil, callback: nil, operation: nil)
    }

    /// A message that has changed nothing.
    private static func entry(_ callback: CallbackRecord) -> DeviceStatus.Event {
        let deliveries = callback.deliveries == 1 ? "" : " (delivered \(callback.deliveries) times)"
        return DeviceStatus.Event(
            at: callback.receivedAt.description, event: StateEvent.Kind.callback.name,
            detail: callback.verdict.name + deliveries, cause: "callback \(callback.number.number)", commit: nil,
            run: nil, request: nil, callback: callback.number.number, operation: nil)
    }
}

extension RequestRecord {
    /// The HTTP call in words.
    fileprivate var summary: String {
        let devices = deviceCount == 1 ? "1 device" : "\(deviceCount) devices"
        switch kind {
        case .action(let action, _):
            return "\(action.rawValue) for \(devices) of account \(account), sent at \(sentAt)"
        case .deviceList(let filter):
            let list = filter.map { "v2 device list with filter \($0)" } ?? "v2 device list"
            // One that asks by profile status names no devices.
            return "\(list)\(deviceCount == 0 ? "" : " of \(devices)") of account \(account), asked for at \(sentAt)"
                + (run.map { " by run \($0)" } ?? "")
        }
    }
}

extension RunCause {
    /// Who does what, and what it goes by.
    var summary: String {
        var parts = [who]
        if let plan { parts.append("saved plan \(plan.short)") }
        if let fleet { parts.append("fleet \(fleet.short)") }
        if let commit { parts.append("commit \(commit.prefix(12))") }
        if let detail { parts.append(detail) }
        return parts.joined(separator: ", ")
    }
}
