/// What a run may do at most; where profile sets differ, the narrowest of their limits.
struct SendingLimits: Hashable, Sendable {
    /// Devices in a request.
    let batchSize: Int
    /// Devices whose outcome is awaited at the same time.
    let inFlight: Int

    init(_ policies: [RolloutPolicy]) {
        inFlight = policies.map(\.maxInFlight).min() ?? 1000
        batchSize = min(policies.map(\.batchSize).min() ?? 100, inFlight)
    }

    /// How many devices more may be on their way: those of the fleet count, whichever run has asked for something, and each
    /// of them once, since a request that is under way may be written down already.
    ///
    /// - Parameters:
    ///   - stored: devices with an operation in flight, of other fleets too.
    ///   - underWay: devices of requests that this run is sending.
    func room(stored: [DeviceKey], underWay: Set<DeviceKey>, in fleet: DesiredFleet) -> Int {
        inFlight - underWay.union(stored.lazy.filter { fleet.contains($0) }).count
    }
}
