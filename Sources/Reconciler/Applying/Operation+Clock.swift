/// Times of operations that were written by a clock that was ahead: they say nothing, and count as long past.
extension Operation {
    /// So far ahead a time may be that a process wrote whose clock is right.
    static let clockTolerance = Duration.seconds(60)

    /// The operation as far as its times can be right at `now`.
    func believed(at now: Timestamp) -> Operation {
        guard intendedAt > now + Self.clockTolerance else { return self }
        var believed = Operation(
            id: id, key: key, action: action, account: account, smsr: smsr, attempt: attempt, request: request,
            intendedAt: .distantPast, run: run, phase: phase, profileSet: profileSet)
        switch phase {
        case .submitted(let id, _): believed.phase = .submitted(id, deadline: .distantPast)
        case .enablePending: believed.phase = .enablePending(deadline: .distantPast)
        case .failed(let failure, retryAt: _?): believed.phase = .failed(failure, retryAt: .distantPast)
        case .withdrawn(let reason, retryAt: _?): believed.phase = .withdrawn(reason: reason, retryAt: .distantPast)
        case .intended, .unresolved, .succeeded, .failed, .withdrawn: break
        }
        return believed
    }
}

extension KnownFleet {
    /// What is known, with the times of operations as far as they can be right at `now`.
    func believed(at now: Timestamp) -> KnownFleet {
        let latest = now + Operation.clockTolerance
        guard operations.contains(where: { $0.intendedAt > latest }) else { return self }
        var fleet = self
        for index in fleet.operations.indices { fleet.operations[index] = fleet.operations[index].believed(at: now) }
        return fleet
    }
}
