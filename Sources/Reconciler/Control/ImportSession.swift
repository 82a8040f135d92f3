import Logging

/// Reads what accounts have, into the known state too, and writes it as YAML for which a plan finds nothing to do.
public struct ImportSession: Sendable {
    private let store: any StateStore
    private let session: RefreshSession

    public var stop: StopSwitch { session.stop }

    /// - Parameters:
    ///   - command: what was typed, for `status` and the timelines of the devices.
    ///   - retriesSignIn: whether a person says that credentials are right that were refused before.
    public init(
        settings: Settings, carrierCredentials: CarrierCredentials, callbackCredentials: CallbackCredentials,
        store: any StateStore, options: RefreshOptions, command: String, retriesSignIn: Bool = false,
        clock: any WallClock, logger: Logger
    ) {
        self.store = store
        session = RefreshSession(
            settings: settings, carrierCredentials: carrierCredentials, callbackCredentials: callbackCredentials,
            store: store, options: options, command: command, retriesSignIn: retriesSignIn,
            clock: clock, logger: logger)
    }

    /// What was read, and what is to be written.
    public struct Outcome: Sendable {
        public let report: RefreshReport
        /// Empty if a list is missing: half of an account would look like all of it.
        public let documents: [ImportedDocument]
        /// How many devices are left out, by the reason in words.
        public let leftOut: [String: Int]
        let declared: [DeviceKey: DesiredState]
    }

    /// - Parameters:
    ///   - smsr: the SM-SR of devices of which no list tells it.
    ///   - progress: told of each step forward, in order.
    /// - Throws: `SettingsError`, and what `RefreshSession.run` throws.
    public func read(
        _ accounts: [AccountName], smsr: SmsrOid?, split: ImportSplit,
        progress: @escaping @Sendable (RefreshReport) -> Void = { _ in }
    ) async throws -> Outcome {
        let refreshed = try await session.read(
            RefreshScope(accounts: accounts), keepsDescriptions: true, progress: progress)
        guard refreshed.report.isWhole else {
            return Outcome(report: refreshed.report, documents: [], leftOut: [:], declared: [:])
        }
        let descriptions = refreshed.sightings.reduce(into: [DeviceKey: CarrierDescription]()) { all, sightings in
            for (key, sighting) in sightings.devices { all[key] = sighting.description }
        }
        let keys = refreshed.sightings.flatMap { $0.devices.keys }
        let records = try await store.read { try $0.devices(keys) }
        let fleet = try ImportedFleet(Array(records.values), descriptions, smsr: smsr)
        return Outcome(
            report: refreshed.report, documents: ImportedDocument.documents(of: fleet, split: split),
            leftOut: fleet.leftOut.reduce(into: [:]) { $0[$1.reason.words, default: 0] += 1 },
            declared: Dictionary(fleet.devices.map { ($0.key, $0.state) }) { first, _ in first })
    }

    /// Notes of the devices that were written that they have reached what is declared now: what moves away from it is
    /// drift.
    /// - Throws: `StateStoreError`
    public func noteDeclared(_ outcome: Outcome) async throws {
        let declared = outcome.declared
        let keys = declared.keys.sorted()
        for start in stride(from: 0, to: keys.count, by: 1000) {
            let piece = Array(keys[start..<min(start + 1000, keys.count)])
            try await store.write { transaction in
                let records = try transaction.devices(piece)
                let changed = piece.compactMap { key -> DeviceRecord? in
                    guard let record = records[key] else { return nil }
                    var reached = record
                    reached.noteReached(declared[key])
                    return reached == record ? nil : reached
                }
                try transaction.save(changed)
            }
        }
    }
}
