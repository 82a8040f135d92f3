@testable import Reconciler

extension SQLiteStore {
    /// One that knows devices since a minute ago.
    static func knowing(
        _ known: [DeviceKey: ProfileState] = [:], in folder: TemporaryFolder
    ) async throws -> SQLiteStore {
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let before = SystemClock().now() - .seconds(60)
        try await store.write { transaction in
            try transaction.save(
                known.map { key, state in
                    DeviceRecord(
                        key: key, account: Fleets.account,
                        observation: ProfileObservation(
                            state: state, profileStatus: "X", at: before, source: .callback), service: .active,
                        reached: state)
                })
        }
        return store
    }

    /// What it has of each device.
    func records(_ keys: [DeviceKey]) async throws -> [DeviceRecord?] {
        let records = try await read { try $0.devices(keys) }
        return keys.map { records[$0] }
    }
}
