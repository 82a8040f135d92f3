import Testing

@testable import Reconciler

@Suite("Signing in with the carrier")
struct CarrierSessionTests {
    @Test("a wrong path in the base URL is said to be one, and is no refusal of the credentials")
    func wrongPath() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        try await Harness.withSimulator(Harness.inventory(fleet)) { simulator, baseURL in
            var settings = Settings()
            settings.baseURL = baseURL + "/nowhere"
            let connection = CarrierConnection(
                settings: settings, credentials: Harness.credentials(), store: store, clock: SystemClock())
            let error = await #expect(throws: CarrierError.self) {
                try await connection.withCarrier { try await $0.callbackRegistrations(of: Fleets.account) }
            }
            #expect(error?.description.contains("thingspace.baseURL") == true, "\(error?.description ?? "")")
            #expect(await simulator.counts.logins == 0)
        }
        let signIns = try await store.read { try $0.signIns() }
        #expect(signIns.allSatisfy { $0.refusals == 0 })
    }
}
