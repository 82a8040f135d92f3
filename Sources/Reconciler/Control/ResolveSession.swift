/// Settles a device by hand: what a person has found out takes the place of what nobody could tell.
public struct ResolveSession: Sendable {
    private let settings: Settings
    private let clock: any WallClock
    private let person: String

    /// - Parameter person: who settles it, for the device's timeline.
    public init(settings: Settings, clock: any WallClock, person: String) {
        self.settings = settings
        self.clock = clock
        self.person = person
    }

    /// Takes a profile for being in a state, and ends the operation that was open on it.
    ///
    /// - Parameters:
    ///   - iccid: which profile of the eUICC, where it has several.
    ///   - profileStatus: the carrier's word (DOWNLOAD_ENABLE, DISABLE, NOT_DOWNLOADED ...) or a state's own name.
    ///   - force: whether a device may be settled that is neither unresolved nor in doubt.
    /// - Returns: the device as it is known from now on. What a person says is no evidence: before a download the device is
    ///   looked up all the same.
    /// - Throws: `SettingsError` if there is no such device or the word is unknown, `StateStoreError`
    public func resolve(
        _ eid: EID, _ iccid: ICCID?, as profileStatus: String, force: Bool = false
    ) async throws -> DeviceStatus {
        let state = try Self.state(profileStatus)
        guard let store = try await settings.openStoreIfThere() else { throw Self.unknown(eid, iccid) }
        let (now, person, policy) = (clock.now(), person, settings.policy)
        return try await store.write { transaction in
            let records = try transaction.devices(eids: [eid], iccids: [], imeis: []).filter {
                iccid == nil || $0.key.iccid == iccid
            }
            guard let record = records.first else { throw Self.unknown(eid, iccid) }
            guard records.count == 1 else {
                throw SettingsError(
                    "EID \(eid) has several profiles: \(records.map(\.key.iccid.description).joined(separator: ", ")). "
                        + "Name one with --iccid.")
            }
            try Self.refuseIfUnderWay(record.operation, as: state, at: now, policy: policy)
            if !force { try Self.refuseIfKnown(record, as: state) }
            let cause = RunCause(command: "resolve", person: person, detail: "\(record.key) as \(state.name)")
            let run = try transaction.note(cause, at: now)
            var changed = record
            var log = FoldLog(device: record.key, operation: record.operation, callback: nil, at: now, run: run)
            log.add(.resolved, "as \(state.name), by \(person)")
            if var operation = record.operation,
                operation.received(.resolved(state), at: now, policy: policy).changed
            {
                changed.operation = operation
                log.add(outcomeOf: operation)
                try transaction.update([operation])
            }
            changed.learn(state, status: nil, at: now, source: .person)
            // What says that the profile is there outlives a person's word that it is not: it is looked up.
            if state.isOnDevice || changed.hint?.suggestsPresence != true { changed.hint = nil }
            if state.isOnDevice { changed.reached = state }
            try transaction.save([changed])
            try transaction.append(log.events)
            return try DeviceStatus.those(of: eid, in: transaction).first {
                $0.iccid == record.key.iccid.description
            } ?? DeviceStatus(changed, DeviceTimeline())
        }
    }

    /// Only what nobody can tell is settled by hand: a call under way may still do what it was sent for.
    private static func refuseIfUnderWay(
        _ operation: Operation?, as state: ProfileState, at now: Timestamp, policy: ConvergencePolicy
    ) throws {
        guard let operation, operation.isOpen else { return }
        let askedAt = "\(operation.action.rawValue), asked for at \(operation.intendedAt),"
        guard case .unresolved = operation.phase else {
            throw SettingsError(
                "\(askedAt) is under way: its callback is awaited, and if that does not come, the device is looked up. "
                    + "Wait for that; only a held device is settled by hand.")
        }
        let settledAt = operation.intendedAt + policy.callbackDeadline
        guard state == operation.action.expectedState || now >= settledAt else {
            throw SettingsError(
                "\(askedAt) may still be carried out. Look again after \(settledAt), and settle it then.")
        }
    }

    /// A person settles what nobody can tell. What evidence shows is not overwritten by a slip of the keyboard.
    private static func refuseIfKnown(_ record: DeviceRecord, as state: ProfileState) throws {
        if case .unresolved = record.operation?.phase { return }
        if case .failed = record.operation?.phase, state == record.operation?.action.expectedState { return }
        if record.hint != nil { return }
        guard let known = record.observation, known.state != .unknown else { return }
        throw SettingsError(
            "The device is neither unresolved nor in doubt: it is known as \(known.state.name), by \(known.source.name) at "
                + "\(known.at). `profilectl refresh` reads the carrier's records. If they are wrong, settle it with --force; "
                + "before a download it is looked up all the same.")
    }

    private static func state(_ text: String) throws -> ProfileState {
        let state = ProfileState(profileStatus: text)
        let named = ProfileState.allCases.first { $0.name.foldedForComparison == text.foldedForComparison }
        guard let found = state == .unknown ? named : state, found != .unknown else {
            throw SettingsError(
                "`\(text)` is no profile status that settles anything. Use DOWNLOAD_ENABLE, ENABLE, DOWNLOAD_DISABLE, "
                    + "DISABLE, NOT_DOWNLOADED or DELETE.")
        }
        return found
    }

    private static func unknown(_ eid: EID, _ iccid: ICCID?) -> SettingsError {
        SettingsError(
            "The state store knows no device with EID \(eid)" + (iccid.map { " and ICCID \($0)" } ?? "")
                + ". `profilectl status` shows what it knows.")
    }
}
