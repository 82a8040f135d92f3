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
    private let answer: (@Sendable (String?, [DeviceKey]) -> [String])?
    private let one: (@Sendable (ICCID) throws(CarrierError) -> AccountDeviceRow?)?
    private let pageRefusal: @Sendable (Int) -> CarrierRefusal?
    /// The account whose devices the v1 list holds; `nil` for every one.
    private let owner: AccountName?
    private let asked = Mutex<[Question]>([])
    private let pages = Mutex<[Int]>([])
    /// Told of each question, before it is answered.
    private let onQuestion: @Sendable (String?) async -> Void
    /// Told of each page that is asked for, before it is given.
    private let onPage: @Sendable (AccountName) async throws -> Void
    /// Told how many devices a question is about, before it is refused or answered.
    private let onSize: @Sendable (Int) -> Void

    /// - Parameters:
    ///   - page: gives a page of the v1 list.
    ///   - rows: gives the messages that answer a v2 list with this filter, as JSON without a requestId; none for no
    ///     answer, `nil` for an account without such lists.
    ///   - answer: the same by the filter and the devices that are asked for, instead of `rows`.
    ///   - one: gives a row of the v1 list for one device; found on the first page otherwise.
    ///   - refusal: with which the question with this number, from 1, is refused.
    ///   - pageRefusal: with which a page of this size is refused.
    ///   - owner: the account whose devices the v1 list holds.
    init(
        _ store: any StateStore, _ clock: any WallClock,
        page: @escaping @Sendable (UInt64) throws(CarrierError) -> AccountDevicePage = { _ in
            AccountDevicePage(rows: [], next: nil)
        },
        rows: @escaping @Sendable (String?) -> [String]? = { _ in ["{\"devices\":[]}"] },
        answer: (@Sendable (String?, [DeviceKey]) -> [String])? = nil,
        one: (@Sendable (ICCID) throws(CarrierError) -> AccountDeviceRow?)? = nil,
        refusal: @escaping @Sendable (Int) -> CarrierRefusal? = { _ in nil },
        pageRefusal: @escaping @Sendable (Int) -> CarrierRefusal? = { _ in nil }, owner: AccountName? = nil,
        onQuestion: @escaping @Sendable (String?) async -> Void = { _ in },
        onSize: @escaping @Sendable (Int) -> Void = { _ in },
        onPage: @escaping @Sendable (AccountName) async throws -> Void = { _ in }
    ) {
        self.store = store
        self.clock = clock
        self.page = page
        self.rows = rows
        self.answer = answer
        self.one = one
        self.refusal = refusal
        self.pageRefusal = pageRefusal
        self.owner = owner
        self.onQuestion = onQuestion
        self.onSize = onSize
        self.onPage = onPage
    }

    /// One with an empty v1 list.
    static func v2Only(
        _ store: any StateStore, _ clock: any WallClock, _ rows: @escaping @Sendable (String?) -> [String]?
    ) -> ListCarrier {
        ListCarrier(store, clock, rows: rows)
    }

    var questions: [Question] { asked.withLock { $0 } }
    /// The sizes of the pages that were asked for.
    var pageSizes: [Int] { pages.withLock { $0 } }

    func requestDeviceList(
        account: AccountName, profileStatusFilter: String?, devices: [DeviceKey]
    ) async -> RequestOutcome {
        let number = asked.withLock { asked in
            asked.append(Question(filter: profileStatusFilter, devices: devices.count))
            return asked.count
        }
        onSize(devices.count)
        if let refusal = refusal(number) { return .refused(refusal) }
        await onQuestion(profileStatusFilter)
        guard let messages = answer?(profileStatusFilter, devices) ?? rows(profileStatusFilter) else {
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

    func devices(
        of account: AccountName, after last: UInt64, limit: Int
    ) async throws(CarrierError) -> AccountDevicePage {
        pages.withLock { $0.append(limit) }
        do {
            try await onPage(account)
        } catch {
            throw .transport(TransportProblem(description: "\(error)"))
        }
        if let refusal = pageRefusal(limit) { throw .refused(refusal) }
        if let owner, owner != account { return AccountDevicePage(rows: [], next: nil) }
        return try page(last)
    }

    func device(_ iccid: ICCID) async throws(CarrierError) -> AccountDeviceRow? {
        if let one { return try one(iccid) }
        return try page(0).rows.first { $0.identifiers.iccids.contains(iccid) }
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
    static func row(
        _ key: DeviceKey, state: String = "active", status: String? = nil, account: AccountName = Fleets.account
    ) throws -> AccountDeviceRow? {
        let attribute = status.map { ",{\"key\":\"ProfileStatus\",\"value\":\"\($0)\"}" } ?? ""
        let text = """
            {"accountName":"\(account)","carrierInformations":[{"state":"\(state)"}],
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
        allowsLargeChange: Bool = false, stop: ((StopSwitch) -> Void)? = nil,
        whileWriting: @escaping @Sendable (@Sendable () async throws -> Void) async throws -> Void = { try await $0() }
    ) async throws -> RefreshReport {
        let wakeup = Wakeup()
        let switchToStop = StopSwitch(wakeup: wakeup)
        stop?(switchToStop)
        let options = RefreshOptions(
            lists: lists, timeout: timeout, pollInterval: .milliseconds(100), allowsLargeChange: allowsLargeChange)
        let pacer = RequestPacer(store: store, clock: SystemClock(), rates: scope.requestRates(elsewhere: 1000))
        let run = RefreshRun(
            scope: scope, store: store, carrier: self, pacer: pacer, clock: SystemClock(), wakeup: wakeup,
            options: options, stop: switchToStop, command: "refresh", whileWriting: whileWriting)
        return try await whileReading(wakeup) { try await run.run { _ in }.report }
    }

    /// Looks devices up while kept callbacks take effect.
    func lookUp(
        _ keys: [DeviceKey], lists: ListChoice = ListChoice(), timeout: Duration = .seconds(20)
    ) async throws -> LookupResult {
        let wakeup = Wakeup()
        let clock = SystemClock()
        let pacer = RequestPacer(store: store, clock: clock, rates: [Fleets.account: 1000])
        let lookup = DeviceLookup(
            asker: DeviceListAsker(
                store: store, carrier: self, pacer: pacer, clock: clock, wakeup: wakeup,
                stop: StopSwitch(wakeup: wakeup), timeout: timeout, pollInterval: .milliseconds(50),
                longestWait: .seconds(5), run: RunNumber(1)),
            records: SightingRecords(store: store, policy: ConvergencePolicy(), run: RunNumber(1)), lists: lists)
        let targets = LookupTargets(keys: keys, identities: keys.map { KnownIdentity(key: $0, imei: nil) })
        return try await whileReading(wakeup) { try await lookup.look(up: targets, of: Fleets.account) }
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
