import AsyncHTTPClient
import Foundation
import NIOHTTP1

/// The carrier over HTTP: Verizon ThingSpace Connectivity Management.
///
/// A call whose token has ended is made once more with a new one; nothing else is repeated here.
public struct ThingSpaceClient: Carrier {
    private let transport: HTTPTransport
    private let session: CarrierSession

    private static let actionAnswerLimit = 64 << 10
    private static let listAnswerLimit = 16 << 20

    /// - Parameters:
    ///   - client: shut down by the caller.
    ///   - persistence: what follows a sign-in that has come to nothing.
    ///   - redactor: knows further secrets that must not be shown of answers.
    ///   - timeout: for one call, from the connection to the last byte of the answer.
    public init(
        baseURL: BaseURL, credentials: CarrierCredentials, ledger: any SignInLedger, client: HTTPClient,
        clock: any WallClock, persistence: SignInPersistence = .oncePerRun,
        redactor: SecretRedactor = SecretRedactor(), timeout: Duration = .seconds(30)
    ) {
        transport = HTTPTransport(client: client, baseURL: baseURL, timeout: timeout, clock: clock)
        session = CarrierSession(
            transport: transport, credentials: credentials, ledger: ledger, clock: clock, persistence: persistence,
            redactor: redactor)
    }

    public func request(
        _ action: ProfileAction, for devices: [DeviceKey], account: AccountName, smsr: SmsrOid
    ) async -> RequestOutcome {
        let path = "/m2m/v1/devices/profile/actions/\(action.pathComponent)"
        return await post(path, ProfileActionBody(devices: devices, account: account, smsr: smsr).json, account)
    }

    public func requestDeviceList(
        account: AccountName, profileStatusFilter: String?, devices: [DeviceKey]
    ) async -> RequestOutcome {
        await post(
            "/m2m/v2/devices/actions/list",
            CarrierJSON.encode(
                DeviceListBody(account: account, profileStatusFilter: profileStatusFilter, devices: devices)), account)
    }

    public func devices(of account: AccountName, after last: UInt64) async throws(CarrierError) -> AccountDevicePage {
        try await devices(of: account, after: last, limit: AccountDevicePage.size)
    }

    public func devices(
        of account: AccountName, after last: UInt64, limit: Int
    ) async throws(CarrierError) -> AccountDevicePage {
        let body = CarrierJSON.encode(AccountListBody(account: account, after: last, limit: limit))
        let answer = try await call(.POST, Self.accountListPath, body: body, account)
        return try AccountDevicePage(answer.body, status: answer.status, after: last)
    }

    public func device(_ iccid: ICCID) async throws(CarrierError) -> AccountDeviceRow? {
        let body: JSONValue
        do {
            body = try await call(.POST, Self.accountListPath, body: CarrierJSON.encode(AccountListBody(iccid))).body
        } catch .refused(let refusal) where refusal.code?.saysNotThere == true {
            return nil
        }
        let account = body["accountName"]?.text.map { AccountName($0) }
        let rows = body["devices"]?.elements.compactMap { AccountDeviceRow($0, enclosing: account) } ?? []
        if rows.isEmpty, body["devices"]?.isArray == true { return nil }
        guard let row = rows.first(where: { $0.identifiers.iccids.contains(iccid) }) else {
            throw .transport(
                TransportProblem(
                    description: "The carrier was asked for ICCID \(iccid), and its answer is not about it."))
        }
        return row
    }

    private static let accountListPath = "/m2m/v1/devices/actions/list"

    public func requestStatus(
        of request: RequestID, account: AccountName
    ) async throws(CarrierError) -> RequestStatus {
        let path =
            "/m2m/v2/accounts/\(account.pathComponent)/requests/\(request.description.pathComponent)/status"
        do {
            return RequestStatus(answer: try await call(.GET, path, body: nil, account).body)
        } catch .refused(let refusal) where refusal.isOfUnknownPath {
            return .notOffered
        }
    }

    public func callbackRegistrations(of account: AccountName) async throws(CarrierError) -> [CallbackRegistration] {
        let answer = try await call(.GET, "/m2m/v1/callbacks/\(account.pathComponent)", body: nil)
        // The same JSON, from which only what is compared is read.
        let unredacted = answer.unredacted.elements
        guard answer.body.isArray, unredacted.count == answer.body.elements.count else {
            throw .transport(
                TransportProblem(description: "The carrier's list of callbacks is no list of them.", kind: .unclear))
        }
        return zip(answer.body.elements, unredacted).compactMap { shown, element in
            guard let url = element["url"]?.text, let name = (shown["serviceName"] ?? shown["name"])?.text else {
                return nil
            }
            return CallbackRegistration(
                accountName: AccountName(shown["accountName"]?.text ?? account.description), serviceName: name,
                address: CallbackURL(url, shownAs: shown["url"]?.text), username: shown["username"]?.text ?? "",
                credentials: CallbackCredentials(registered: element))
        }
    }

    public func registerCallback(
        url: String, credentials: CallbackCredentials, for account: AccountName
    ) async throws(CarrierError) {
        let body = CallbackRegistrationBody(
            name: CallbackRegistration.profileService, url: url,
            username: credentials.areEmpty ? nil : credentials.username,
            password: credentials.areEmpty ? nil : credentials.password)
        _ = try await call(.POST, "/m2m/v1/callbacks/\(account.pathComponent)", body: CarrierJSON.encode(body))
    }

    public func deregisterCallback(service: String, of account: AccountName) async throws(CarrierError) {
        let path = "/m2m/v1/callbacks/\(account.pathComponent)/name/\(service.pathComponent)"
        _ = try await call(.DELETE, path, body: nil)
    }

    // MARK: Calling

    private func post(_ path: String, _ body: [UInt8], _ account: AccountName) async -> RequestOutcome {
        switch await exchange(.POST, path, body: body, limit: Self.actionAnswerLimit, account) {
        case .answered(.success(let answer), _):
            guard let id = answer["requestId"]?.identifier else {
                return .outcomeUnknown(
                    TransportProblem(description: "The carrier's answer holds no requestId.", kind: .unclear))
            }
            return .accepted(RequestID(id))
        case .answered(.bearerEnded(let refusal), _), .answered(.sessionEnded(let refusal), _),
            .answered(.tokenEnded(let refusal), _), .answered(.refused(let refusal), _):
            return .refused(refusal)
        case .answered(.unproven(let why), _):
            return .outcomeUnknown(TransportProblem(description: why.capitalizedSentence, kind: .unclear))
        case .failed(.notSent(let problem)):
            return .notSent(problem)
        case .failed(.unknown(let problem)):
            return .outcomeUnknown(problem)
        case .notSignedIn(.refused(let problem)):
            return .signInRefused(problem)
        case .notSignedIn(.transport(let problem)):
            return .notSent(problem)
        case .notSignedIn(.refusedForNow(let refusal)):
            return .refused(refusal)
        }
    }

    private func call(
        _ method: HTTPMethod, _ path: String, body: [UInt8]?, _ account: AccountName? = nil
    ) async throws(CarrierError) -> Answer {
        switch await exchange(method, path, body: body, limit: Self.listAnswerLimit, account) {
        case .answered(.success(let body), let answer):
            return Answer(body: body, httpAnswer: answer)
        case .answered(.bearerEnded(let refusal), _), .answered(.sessionEnded(let refusal), _),
            .answered(.tokenEnded(let refusal), _), .answered(.refused(let refusal), _),
            .notSignedIn(.refusedForNow(let refusal)):
            throw .refused(refusal)
        case .answered(.unproven(let why), _):
            throw .transport(TransportProblem(description: why.capitalizedSentence, kind: .unclear))
        case .failed(let failure):
            throw .transport(failure.problem)
        case .notSignedIn(.refused(let problem)):
            throw .signInRefused(problem)
        case .notSignedIn(.transport(let problem)):
            throw .transport(problem)
        }
    }

    /// An answer that says that a call has worked.
    private struct Answer {
        /// Without secrets.
        let body: JSONValue
        fileprivate let httpAnswer: HTTPAnswer

        var status: Int { httpAnswer.status }

        /// The body as it came; `null` if it is no JSON.
        var unredacted: JSONValue {
            do {
                return try JSONValue(json: httpAnswer.unredactedBody)
            } catch {
                return .null
            }
        }
    }

    private enum Exchange {
        case answered(CarrierAnswer, HTTPAnswer)
        case failed(HTTPFailure)
        case notSignedIn(CarrierSession.Problem)
    }

    /// Makes a call, and again if the answer says that a token has ended, which proves that it was not taken: once for
    /// the bearer and once for the session, and never more often (`thingspace.md`, section 1.4).
    ///
    /// - Parameter account: the one that the call is about.
    private func exchange(
        _ method: HTTPMethod, _ path: String, body: [UInt8]?, limit: Int, _ account: AccountName?
    ) async -> Exchange {
        var renewal = TokenRenewal()
        let subject = "\(path) \(account?.description ?? "")"
        while true {
            let tokens: CarrierSession.Tokens
            do {
                tokens = try await session.tokens()
            } catch {
                return .notSignedIn(error)
            }
            let answer: HTTPAnswer
            do {
                answer = try await transport.send(
                    method, path,
                    headers: [
                        ("Authorization", "Bearer \(tokens.bearer)"), ("VZ-M2M-Token", tokens.session),
                        ("Content-Type", "application/json"), ("Accept", "application/json"),
                    ], body: body, limit: limit, redactor: tokens.redactor)
            } catch {
                return .failed(error)
            }
            let reading = CarrierAnswer(answer)
            let answered = Exchange.answered(reading, answer)
            if case .tokenEnded = reading, await !session.mayRenew(for: subject) { return answered }
            switch renewal.next(after: reading) {
            case .bearer: await session.bearerEnded(tokens.bearer)
            case .session: await session.sessionEnded(tokens.session)
            case .none(let isInVain):
                if isInVain { await session.renewedInVain(for: subject) }
                return answered
            }
        }
    }
}

extension ProfileAction {
    /// The last part of the action's path. Source: `thingspace.md`, section 2.1.
    var pathComponent: String {
        switch self {
        case .downloadEnable: "download_enable"
        case .downloadDisable: "download_disable"
        case .enable: "enable"
        case .disable: "disable"
        }
    }
}

extension AccountName {
    /// The name as a part of a path.
    var pathComponent: String { description.pathComponent }
}

extension String {
    /// The text as a part of a path.
    fileprivate var pathComponent: String {
        var allowed = CharacterSet(charactersIn: "-._~")
        for range in ["a"..."z", "A"..."Z", "0"..."9"] as [ClosedRange<Unicode.Scalar>] {
            allowed.insert(charactersIn: range)
        }
        return addingPercentEncoding(withAllowedCharacters: allowed) ?? self
    }
}
