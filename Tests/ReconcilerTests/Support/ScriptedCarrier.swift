import Synchronization

@testable import Reconciler

/// A carrier that answers as it is told, and remembers what it was asked for.
final class ScriptedCarrier: Carrier {
    private struct Asked {
        var devices: [DeviceKey] = []
        var count = 0
    }

    private let outcome: @Sendable (_ count: Int) -> RequestOutcome
    private let listOutcome: @Sendable () -> RequestOutcome
    private let asked = Mutex(Asked())

    /// - Parameters:
    ///   - outcome: of the requests for actions, by how many there were, this one included.
    ///   - listOutcome: of the requests for device lists.
    init(
        listOutcome: @escaping @Sendable () -> RequestOutcome = { .notSent(TransportProblem(description: "none")) },
        outcome: @escaping @Sendable (_ count: Int) -> RequestOutcome = { .accepted(RequestID("r-\($0)")) }
    ) {
        self.outcome = outcome
        self.listOutcome = listOutcome
    }

    /// The devices that actions were asked for, in order.
    var devices: [DeviceKey] { asked.withLock { $0.devices } }
    /// How many requests for actions there were.
    var requestCount: Int { asked.withLock { $0.count } }

    func request(
        _ action: ProfileAction, for devices: [DeviceKey], account: AccountName, smsr: SmsrOid
    ) async -> RequestOutcome {
        let count = asked.withLock { asked in
            asked.devices += devices
            asked.count += 1
            return asked.count
        }
        return outcome(count)
    }

    func requestDeviceList(
        account: AccountName, profileStatusFilter: String?, devices: [DeviceKey]
    ) async -> RequestOutcome { listOutcome() }

    func devices(of account: AccountName, after last: UInt64) async throws(CarrierError) -> AccountDevicePage {
        throw .transport(TransportProblem(description: "none"))
    }

    func device(_ iccid: ICCID) async throws(CarrierError) -> AccountDeviceRow? {
        throw .transport(TransportProblem(description: "none"))
    }

    func callbackRegistrations(of account: AccountName) async throws(CarrierError) -> [CallbackRegistration] { [] }

    func registerCallback(
        url: String, credentials: CallbackCredentials, for account: AccountName
    ) async throws(CarrierError) {}

    func deregisterCallback(service: String, of account: AccountName) async throws(CarrierError) {}
}
