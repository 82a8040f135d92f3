import Synchronization

@testable import Reconciler

/// A carrier whose lists say what a test wants. Answers to v2 lists come as callbacks do: they are kept in the store, and
/// take effect when who has asked knows the name of the request.
final class ListCarrier: Carrier {
    /// A question that was asked for a v2 list.
    struct Question: Hashable, Sendable {
        let filter: String?
        let devices: Int
    }

    private let store: any StateStore
    private let clock: any WallClock
    private let page: @Sendable (UInt64) throws(CarrierError) -> AccountDevicePage
    private let rows: @Sendable (String?) -> [String]?
    private let refusal: @Sendable (Int) -> CarrierRefusal?
    private let asked = Mutex<[Question]>([])
    /// Told of each question, before it is answered.
    private let onQuestion: @Sendable (String?) async -> Void

    /// - Parameters:
    ///   - page: gives a page of the v1 list.
    ///   - rows: gives the messages that answer a v2 list with this filter, as JSON without a requestId; none for no
    ///     answer, `nil` for an account without such lists.
    ///   - refusal: with which the question with this number, from 1, is refused.
    init(
        _ store: any StateStore, _ clock: any WallClock,
        page: @escaping @Sendable (UInt64) throws(CarrierError) -> AccountDevicePage = { _ in
            AccountDevicePage(rows: [], next: nil)
        },
        rows: @escaping @Sendable (String?) -> [String]? = { _ in ["{\"devices\":[]}"] },
        refusal: @escaping @Sendable (Int) -> CarrierRefusal? = { _ in nil },
        onQuestion: @escaping @Sendable (String?) async -> Void = { _ in }
    ) {
        self.store = store
        self.clock = clock
        self.page = page
        self.rows = rows
        self.refusal = refusal
        self.onQuestion = onQuestion
    }

    /// One with an empty v1 list.
    static func v2Only(
        _ store: any StateStore, _ clock: any WallClock, _ rows: @escaping @Sendable (String?) -> [String]?
    ) -> ListCarrier {
        ListCarrier(store, clock, rows: rows)
    }

    var questions: [Question] { asked.withLock { $0 } }

    func requestDeviceList(
        account: AccountName, profileStatusFilter: String?, devices: [DeviceKey]
    ) async -> RequestOutcome {
        let number = asked.withLock { asked in
            asked.append(Question(filter: profileStatusFilter, devices: devices.count))
            return asked.count
        }
        if let refusal = refusal(number) { return .refused(refusal) }
        await onQuestion(profileStatusFilter)
        guard let messages = rows(profileStatusFilter) else {
            return .refused(
                CarrierRefusal(classification: .invalidRequest, code: nil, message: "", explanation: "No such list."))
        }
        do {
            let kept = try messages.map { message in
                try ReceivedCallback(json: Array("{\"requestId\":\"l-\(number)\",\(message.dropFirst())".utf8)).kept(
                    at: clock.now())
            }
            try await store.write { try $0.keep(kept) }
        } catch {
            return .notSent(TransportProblem(description: "\(error)"))
        }
        return .accepted(RequestID("l-\(number)"))
    }

    func devices(of account: AccountName, after last: UInt64) async throws(CarrierError) -> AccountDevicePage {
        try page(last)
    }

    func device(_ iccid: ICCID) async throws(CarrierError) -> AccountDeviceRow? {
        try page(0).rows.first { $0.identifiers.iccids.contains(iccid) }
    }

    func request(
        _ action: ProfileAction, for devices: [DeviceKey], account: AccountName, smsr: SmsrOid
    ) async -> RequestOutcome {
        .accepted(RequestID("a-1"))
    }

    func callbackRegistrations(of account: AccountName) async throws(CarrierError) -> [CallbackRegistration] { [] }

    func registerCallback(
        url: String, credentials: CallbackCredentials, for account: AccountName
    ) async throws(CarrierError) {}

    func deregisterCallback(service: String, of account: AccountName) async throws(CarrierError) {}

    // MARK: What it says

    /// A row of the v1 list.
    static func row(_ key: DeviceKey, state: String = "active", status: String? = nil) throws -> AccountDeviceRow? {
        let attribute = status.map { ",{\"key\":\"ProfileStatus\",\"value\":\"\($0)\"}" } ?? ""
        let text = """
            {"accountName":"\(Fleets.account)","carrierInformations":[{"state":"\(state)"}],
            "deviceIds":[{"kind":"iccId","id":"\(key.iccid)"},{"kind":"eid","id":"\(key.eid)"}],
            "extendedAttributes":[{"key":"DeviceId","value":"1"}\(attribute)]}
            """
        return AccountDeviceRow(try JSONValue(json: Array(text.utf8)))
    }

    /// A message with rows of a v2 list.
    static func message(_ keys: [DeviceKey], status: String? = nil, isPart: Bool = false) -> String {
        let member = status.map { ",\"profileStatus\":\"\($0)\"" } ?? ""
        let rows = keys.map { key in
            "{\"deviceIds\":[{\"kind\":\"iccid\",\"id\":\"\(key.iccid)\"},{\"kind\":\"eid\",\"id\":\"\(key.eid)\"}]\(member)}"
        }
        return "{\"devices\":[\(rows.joined(separator: ","))]\(isPart ? ",\"hasMoreData\":true" : "")}"
    }

    // MARK: Refreshing with it

    /// Refreshes while kept callbacks take effect, as they do with a listener.
    func refresh(
        _ scope: RefreshScope, lists: ListChoice = ListChoice(), timeout: Duration = .seconds(20),
        stop: ((StopSwitch) -> Void)? = nil,
        whileWriting: @escaping @Sendable (@Sendable () async throws -> Void) async throws -> Void = { try await $0() }
    ) async throws -> RefreshReport {
        let wakeup = Wakeup()
        let switchToStop = StopSwitch(wakeup: wakeup)
        stop?(switchToStop)
        let options = RefreshOptions(lists: lists, timeout: timeout, pollInterval: .milliseconds(100))
        let pacer = RequestPacer(store: store, clock: SystemClock(), rates: scope.requestRates(elsewhere: 1000))
        let run = RefreshRun(
            scope: scope, store: store, carrier: self, pacer: pacer, clock: SystemClock(), wakeup: wakeup,
            options: options, stop: switchToStop, command: "refresh", whileWriting: whileWriting)
        return try await whileReading(wakeup) { try await run.run { _ in }.report }
    }

    /// Does work while kept callbacks take effect.
    func whileReading<Result: Sendable>(
        _ wakeup: Wakeup = Wakeup(), _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await work() }
            group.addTask { [store, clock] in
                let folder = CallbackFolder(store: store, clock: clock, policy: ConvergencePolicy(), wakeup: Wakeup())
                while !Task.isCancelled {
                    let seen = wakeup.count
                    if try await folder.readAll() > 0 { wakeup.notify() } else { await wakeup.change(after: seen) }
                }
                return nil
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }
}
