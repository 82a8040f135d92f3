import Foundation

/// The two tokens that every call carries: got when first needed, by one caller for all, and kept until the carrier
/// says that they have ended. Source: `thingspace.md`, section 1.
actor CarrierSession {
    struct Tokens: Hashable, Sendable {
        let bearer: String
        let session: String
    }

    enum Problem: Error, Sendable {
        case refused(SignInProblem)
        case transport(TransportProblem)
        case refusedForNow(CarrierRefusal)
    }

    private let transport: HTTPTransport
    private let credentials: CarrierCredentials
    private let ledger: any SignInLedger
    private let clock: any WallClock

    private var bearer: (token: String, endsAt: Timestamp)?
    private var session: String?
    private var refusedBefore: SignInProblem?
    private var isSigningIn = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// After so many refusals in a row nothing is tried any more; the carrier locks the contact after five.
    static let maximumRefusals = 2
    /// A bearer token is renewed so long before its end.
    private static let margin = Duration.seconds(30)
    private static let answerLimit = 64 << 10

    init(
        transport: HTTPTransport, credentials: CarrierCredentials, ledger: any SignInLedger, clock: any WallClock
    ) {
        self.transport = transport
        self.credentials = credentials
        self.ledger = ledger
        self.clock = clock
    }

    /// The tokens to use now.
    func tokens() async throws(Problem) -> Tokens {
        while isSigningIn {
            await withCheckedContinuation { waiting.append($0) }
        }
        if let bearer, bearer.endsAt > clock.now(), let session {
            return Tokens(bearer: bearer.token, session: session)
        }
        isSigningIn = true
        defer {
            isSigningIn = false
            let woken = waiting
            waiting = []
            for continuation in woken { continuation.resume() }
        }
        return try await signIn()
    }

    /// The carrier says that this bearer token has ended. Another one, got meanwhile, is left alone.
    func bearerEnded(_ token: String) {
        if bearer?.token == token { bearer = nil }
    }

    /// The carrier says that this session has ended. Another one, got meanwhile, is left alone.
    func sessionEnded(_ token: String) {
        if session == token { session = nil }
    }

    private func signIn() async throws(Problem) -> Tokens {
        if let refusedBefore { throw .refused(refusedBefore) }
        var bearerToken = try await currentBearer()
        if let session { return Tokens(bearer: bearerToken, session: session) }
        switch try await logIn(bearer: bearerToken) {
        case .success(let token): return Tokens(bearer: bearerToken, session: token)
        case .bearerEnded:
            bearer = nil
            bearerToken = try await currentBearer()
            if case .success(let token) = try await logIn(bearer: bearerToken) {
                return Tokens(bearer: bearerToken, session: token)
            }
            throw .refused(
                SignInProblem(
                    description: "The carrier does not accept the bearer token that it has just given. Check that the "
                        + "application's key is allowed to use Connectivity Management."))
        }
    }

    private func currentBearer() async throws(Problem) -> String {
        if let bearer, bearer.endsAt > clock.now() { return bearer.token }
        let fingerprint = credentials.clientFingerprint
        try await refuseIfRefusedTooOften(fingerprint, what: "THINGSPACE_CLIENT_ID and THINGSPACE_CLIENT_SECRET")
        let basic = Data("\(credentials.clientID):\(credentials.clientSecret)".utf8).base64EncodedString()
        let answer = try await send(
            "/ts/v1/oauth2/token",
            headers: [
                ("Authorization", "Basic \(basic)"), ("Content-Type", "application/x-www-form-urlencoded"),
                ("Accept", "application/json"),
            ], body: Array("grant_type=client_credentials".utf8))
        switch CarrierAnswer(answer) {
        case .success(let body):
            guard let token = body["access_token"]?.text else {
                throw .transport(TransportProblem(description: "The carrier's token answer holds no access_token."))
            }
            let life = body["expires_in"]?.text.flatMap { Double($0) } ?? 3600
            let usable = max(life - Double(Self.margin.components.seconds), life / 2)
            bearer = (token, clock.now() + .milliseconds(Int64(usable * 1000)))
            await note { try await self.ledger.recordSuccess(of: fingerprint) }
            return token
        case .bearerEnded(let refusal), .sessionEnded(let refusal), .refused(let refusal):
            try Self.throwIfOnlyForNow(refusal)
            throw .refused(
                await recordRefusal(
                    of: fingerprint,
                    "The carrier refused THINGSPACE_CLIENT_ID and THINGSPACE_CLIENT_SECRET (\(refusal.message)). "
                        + "Correct them; they are not tried again by themselves."))
        case .unproven(let why):
            throw .transport(TransportProblem(description: "No token could be got: \(why)."))
        }
    }

    private enum Login {
        case success(String)
        case bearerEnded
    }

    private func logIn(bearer token: String) async throws(Problem) -> Login {
        let fingerprint = credentials.userFingerprint
        try await refuseIfRefusedTooOften(fingerprint, what: "THINGSPACE_USERNAME and THINGSPACE_PASSWORD")
        struct Body: Encodable {
            let username: String
            let password: String
        }
        let body = CarrierJSON.encode(Body(username: credentials.username, password: credentials.password))
        let answer = try await send(
            "/m2m/v1/session/login",
            headers: [
                ("Authorization", "Bearer \(token)"), ("Content-Type", "application/json"),
                ("Accept", "application/json"),
            ], body: body)
        switch CarrierAnswer(answer) {
        case .success(let body):
            guard let token = body["sessionToken"]?.text else {
                throw .transport(TransportProblem(description: "The carrier's login answer holds no sessionToken."))
            }
            session = token
            await note { try await self.ledger.recordSuccess(of: fingerprint) }
            return .success(token)
        case .bearerEnded where Self.isFault(answer):
            return .bearerEnded
        case .bearerEnded(let refusal), .sessionEnded(let refusal), .refused(let refusal):
            try Self.throwIfOnlyForNow(refusal)
            throw .refused(
                await recordRefusal(
                    of: fingerprint,
                    "The carrier refused THINGSPACE_USERNAME and THINGSPACE_PASSWORD (\(refusal.message)). Correct "
                        + "them; they are not tried again by themselves, since the carrier locks a contact after five "
                        + "refusals."))
        case .unproven(let why):
            throw .transport(TransportProblem(description: "Nobody could be signed in: \(why)."))
        }
    }

    /// A fault of the gateway, which never asked the carrier's login about the user.
    private static func isFault(_ answer: HTTPAnswer) -> Bool {
        String(decoding: answer.body.prefix(2000), as: UTF8.self).contains("fault")
    }

    private static func throwIfOnlyForNow(_ refusal: CarrierRefusal) throws(Problem) {
        switch refusal.classification {
        case .throttled, .temporarilyUnavailable: throw .refusedForNow(refusal)
        default: return
        }
    }

    private func refuseIfRefusedTooOften(_ fingerprint: String, what: String) async throws(Problem) {
        let refusals: Int
        do {
            refusals = try await ledger.refusals(of: fingerprint)
        } catch {
            throw .transport(TransportProblem(description: "The count of refused sign-ins cannot be read: \(error)"))
        }
        guard refusals >= Self.maximumRefusals else { return }
        throw .refused(
            SignInProblem(
                description: "\(what) were refused \(refusals) times in a row, and are not tried again: the carrier "
                    + "locks a contact after five. Correct them (changed ones start a new count), or use "
                    + "--retry-sign-in if they are right."))
    }

    private func recordRefusal(of fingerprint: String, _ description: String) async -> SignInProblem {
        let problem = SignInProblem(description: description)
        refusedBefore = problem
        await note { try await self.ledger.recordRefusal(of: fingerprint) }
        return problem
    }

    /// A ledger that cannot be written must not undo what the carrier has answered; the latch in memory holds.
    private func note(_ write: () async throws -> Void) async {
        try? await write()
    }

    private func send(
        _ path: String, headers: [(String, String)], body: [UInt8]
    ) async throws(Problem) -> HTTPAnswer {
        do {
            return try await transport.send(.POST, path, headers: headers, body: body, limit: Self.answerLimit)
        } catch {
            throw .transport(error.problem)
        }
    }
}
