import Foundation
import Logging
import Testing

@testable import Reconciler

@Suite("Callback credentials that are rotated")
struct CallbackRotationTests {
    private let old = CallbackCredentials(username: "u", password: "old-password")
    private let new = CallbackCredentials(username: "u", password: "new-password")

    private func accepts(_ credentials: CallbackCredentials, _ password: String, after: Duration = .zero) -> Bool {
        credentials.accepts(MessageCredentials(username: "u", password: password), at: .now + after)
    }

    @Test("those before are accepted for a while, and nobody else's are")
    func former() {
        let credentials = CallbackCredentials(username: "u", password: "old-password")
        #expect(!credentials.rotate(to: old) && credentials.rotate(to: new))
        #expect(credentials.password == "new-password" && credentials.areSame(as: new))
        #expect(accepts(credentials, "new-password") && accepts(credentials, "old-password"))
        #expect(!accepts(credentials, "old-password", after: CallbackCredentials.formerLifetime + .seconds(1)))
        #expect(!accepts(credentials, "other") && !accepts(credentials, ""))
        #expect(!credentials.redactor.redacted("old-password new-password").contains("password"))
    }

    @Test("an open listener that gets a password does not stay open")
    func opened() {
        let credentials = CallbackCredentials(username: "", password: "")
        #expect(accepts(credentials, "anything"))
        #expect(credentials.rotate(to: new))
        #expect(!accepts(credentials, "anything") && !accepts(credentials, ""))
        credentials.accept(former: CallbackCredentials(username: "", password: ""))
        #expect(!accepts(credentials, "anything"))
    }

    @Test("what the carrier shows of a password that it hides says nothing", arguments: ["", "****", "••••"])
    func hidden(password: String) throws {
        let json = "{\"username\":\"u\",\"password\":\"\(password)\"}"
        #expect(CallbackCredentials(registered: try JSONValue(json: Array(json.utf8))) == nil)
    }

    /// Registers with the old credentials, and gives what looks at it with the new ones.
    private func withRegistration(
        _ mode: RegistrationMode,
        _ work: @escaping @Sendable (CallbackRegistrar, CallbackRegistry, String) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        try await Harness.withSimulator(Harness.inventory(fleet)) { _, baseURL in
            var settings = Settings()
            settings.baseURL = baseURL
            try await CarrierConnection(
                settings: settings, credentials: Harness.credentials(), store: store, clock: SystemClock()
            ).withCarrier { carrier in
                let pacer = RequestPacer(store: store, clock: SystemClock(), rates: [Fleets.account: 1000])
                let registry = CallbackRegistry(carrier: carrier, pacer: pacer)
                let url = "http://127.0.0.1:9001/callbacks"
                try await registry.register(Fleets.account, url: url, credentials: old)
                let registrar = CallbackRegistrar(
                    registry: registry, mode: mode, credentials: new, logger: Harness.quiet)
                try await work(registrar, registry, url)
            }
        }
    }

    @Test("a change is registered anew where registering is allowed")
    func registeredAnew() async throws {
        try await withRegistration(.auto) { registrar, registry, url in
            try await registrar.check([Fleets.account], url: url)
            #expect(try await registry.profileService(of: Fleets.account)?.bears(new) == true)
            #expect(accepts(new, "old-password") && accepts(new, "new-password"), "messages may be on their way")
        }
    }

    @Test("a change is said where registering is not allowed, and callbacks are taken meanwhile")
    func said() async throws {
        try await withRegistration(.check) { registrar, registry, url in
            let problem = await #expect(throws: RegistrationProblem.self) {
                try await registrar.check([Fleets.account], url: url)
            }
            #expect(problem?.description.contains("another user name or password") == true)
            #expect(problem?.description.contains("profilectl callbacks register") == true)
            #expect(problem?.description.contains("old-password") == false)
            let registered = try await registry.profileService(of: Fleets.account)
            #expect(registered?.bears(new) == false)
            #expect(accepts(new, "old-password"))
        }
    }

    @Test("the command registers anew when the password is another one, and says so")
    func command() async throws {
        try await withRegistration(.never) { _, registry, url in
            let administration = CallbackAdministration(registry)
            func register() async throws -> CallbackAdministration.Registered {
                try await administration.register(Fleets.account, url: url, credentials: new, replaces: false)
            }
            let results = [try await register(), try await register()]
            #expect(results == [.renewed, .alreadyOurs])
        }
    }
}
