import Foundation

/// The two tokens that every call carries: got when first needed, by one caller for all, and kept until the carrier
/// says that they have ended. Source: `thingspace.md`, section 1.
actor CarrierSession {
    struct Tokens: Sendable {
        let bearer: String
        let session: String
        /// Knows what must not be shown of an answer to a call that carries them.
        let redactor: SecretRedactor
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
    /// What the carrier has refused to this process.
    private var refused: Set<SignInCredential.Kind> = []
    /// A refusal that could not be counted for all: nothing more is tried here.
    private var uncounted: SignInProblem?
    /// When all tokens had been renewed for calls of a kind, and the carrier did not take them all the same.
    private var renewedInVain: [String: Timestamp] = [:]
    /// What knows the credentials; the tokens are added.
    private let redactor: SecretRedactor
    private var tokenRedactor: (tokens: [String], redactor: SecretRedactor)
    private var pauses: [SignInCredential.Kind: SignInPause]
    private var isSigningIn = false
    private var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
    private var lastWaiting: UInt64 = 0

    /// A bearer token is renewed so long before its end.
    private static let margin = Duration.seconds(30)
    /// What a token may live; what is no such number says nothing.
    private static let tokenLives = Duration.seconds(1)...Duration.seconds(86_400)
    private static let usualTokenLife = Duration.seconds(3600)
    private static let answerLimit = 64 << 10
    /// Calls for which renewing has not helped renew nothing for so long: each renewal ends the tokens of other calls.
    private static let renewalInterval = Duration.seconds(60)
    /// How often to look whether another process has ended its sign-in.
    private static let pollInterval = Duration.milliseconds(100)

    init(
        transport: HTTPTransport, credentials: CarrierCredentials, ledger: any SignInLedger, clock: any WallClock,
        persistence: SignInPersistence = .oncePerRun, redactor: SecretRedactor = SecretRedactor()
    ) {
        self.transport = transport
        self.credentials = credentials
        self.ledger = ledger
        self.clock = clock
        let pairs = [(credentials.clientID, credentials.clientSecret), (credentials.username, credentials.password)]
        self.redactor = redactor.adding(pairs: pairs.map { SecretRedactor.Pair(name: $0.0, secret: $0.1) })
        tokenRedactor = ([], self.redactor)
        pauses = [.client: SignInPause(persistence), .user: SignInPause(persistence)]
    }

    /// The tokens to use now.
    func tokens() async throws(Problem) -> Tokens {
        while isSigningIn {
            await whileOthersSignIn()
            guard !Task.isCancelled else { throw .transport(Self.cancelled) }
        }
        if let bearer, bearer.endsAt > clock.now(), let session {
            return tokens(bearer.token, session)
        }
        isSigningIn = true
        defer {
            isSigningIn = false
            let woken = waiting
            waiting = [:]
            for continuation in woken.values { continuation.resume() }
        }
        return try await signIn()
    }

    private func tokens(_ bearer: String, _ session: String) -> Tokens {
        if tokenRedactor.tokens != [bearer, session] {
            tokenRedactor = ([bearer, session], redactor.adding(secrets: [bearer, session]))
        }
        return Tokens(bearer: bearer, session: session, redactor: tokenRedactor.redactor)
    }

    /// A login carries the bearer token.
    private var redactorOfSignIn: SecretRedactor {
        tokenRedactor.redactor.adding(secrets: [bearer?.token].compactMap(\.self))
    }

    /// Waits until the sign-in that is under way is over, or the task is cancelled.
    private func whileOthersSignIn() async {
        lastWaiting += 1
        let number = lastWaiting
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { continuation.resume() } else { waiting[number] = continuation }
            }
        } onCancel: {
            Task { await self.stopWaiting(number) }
        }
    }

    private func stopWaiting(_ number: UInt64) { waiting.removeValue(forKey: number)?.resume() }

    private static let cancelled = TransportProblem(description: "The sign-in was cancelled before it was answered.")

    /// The carrier says that this bearer token has ended. Another one, got meanwhile, is left alone.
    func bearerEnded(_ token: String) {
        if bearer?.token == token { bearer = nil }
    }

    /// The carrier says that this session has ended. Another one, got meanwhile, is left alone.
    func sessionEnded(_ token: String) {
        if session == token { session = nil }
    }

    /// Notes that the carrier did not take any of the tokens that were got anew for a call.
    ///
    /// - Parameter subject: the kind of the call: its path and its account.
    func renewedInVain(for subject: String) {
        let now = clock.now()
        renewedInVain = renewedInVain.filter { Self.isRecent($0.value, at: now) }
        renewedInVain[subject] = now
    }

    /// Whether tokens may be renewed for a call.
    func mayRenew(for subject: String) -> Bool {
        renewedInVain[subject].map { !Self.isRecent($0, at: clock.now()) } ?? true
    }

    /// A time in the future is none: the clock was set back.
    private static func isRecent(_ time: Timestamp, at now: Timestamp) -> Bool {
        time <= now && now < time + renewalInterval
    }

    private func signIn() async throws(Problem) -> Tokens {
        if let uncounted { throw .refused(uncounted) }
        var bearerToken = try await currentBearer()
        if let session { return tokens(bearerToken, session) }
        switch try await logIn(bearer: bearerToken) {
        case .success(let token): return tokens(bearerToken, token)
        case .bearerEnded:
            bearer = nil
            bearerToken = try await currentBearer()
            if case .success(let token) = try await logIn(bearer: bearerToken) {
                return tokens(bearerToken, token)
            }
            throw .refused(
                SignInProblem(
                    description: "The carrier does not accept the bearer token that it has just given. Check that the "
                        + "application's key is allowed to use Connectivity Management."))
        }
    }

    private func currentBearer() async throws(Problem) -> String {
        if let bearer, bearer.endsAt > clock.now() { return bearer.token }
        let basic = Data("\(credentials.clientID):\(credentials.clientSecret)".utf8).base64EncodedString()
        let answer = try await attempt(
            credentials.client, "/ts/v1/oauth2/token",
            headers: [
                ("Authorization", "Basic \(basic)"), ("Content-Type", "application/x-www-form-urlencoded"),
                ("Accept", "application/json"),
            ], body: Array("grant_type=client_credentials".utf8))
        switch CarrierAnswer(answer) {
        case .success:
            guard let body = Self.body(of: answer), let token = body["access_token"]?.text else {
                throw await fruitless(credentials.client, "The carrier's token answer holds no access_token.")
            }
            let life =
                body["expires_in"]?.text.flatMap { Double($0) }.flatMap {
                    Duration(outsideSeconds: $0, in: Self.tokenLives)
                }
                ?? Self.usualTokenLife
            bearer = (token, clock.now() + max(life - Self.margin, life / 2))
            await end(credentials.client, .accepted)
            return token
        case .bearerEnded(let refusal), .sessionEnded(let refusal), .tokenEnded(let refusal), .refused(let refusal):
            throw await problem(refusal, of: credentials.client)
        case .unproven(let why):
            throw await fruitless(credentials.client, "No token could be got: \(why).")
        }
    }

    /// From which tokens are read: with a token that was given before replaced, the same one could not be read again.
    private static func body(of answer: HTTPAnswer) -> JSONValue? {
        do {
            return try JSONValue(json: answer.unredactedBody)
        } catch {
            return nil
        }
    }

    private enum Login {
        case success(String)
        case bearerEnded
    }

    private func logIn(bearer token: String) async throws(Problem) -> Login {
        struct Body: Encodable {
            let username: String
            let password: String
        }
        let body = CarrierJSON.encode(Body(username: credentials.username, password: credentials.password))
        let answer = try await attempt(
            credentials.user, "/m2m/v1/session/login",
            headers: [
                ("Authorization", "Bearer \(token)"), ("Content-Type", "application/json"),
                ("Accept", "application/json"),
            ], body: body)
        switch CarrierAnswer(answer) {
        case .success:
            guard let token = Self.body(of: answer)?["sessionToken"]?.text else {
                throw await fruitless(credentials.user, "The carrier's login answer holds no sessionToken.")
            }
            session = token
            await end(credentials.user, .accepted)
            return .success(token)
        // A fault of the gateway, which never asked the carrier's login about the user.
        case .bearerEnded:
            await end(credentials.user, .notTried)
            return .bearerEnded
        case .sessionEnded(let refusal), .tokenEnded(let refusal), .refused(let refusal):
            throw await problem(refusal, of: credentials.user)
        case .unproven(let why):
            throw await fruitless(credentials.user, "Nobody could be signed in: \(why).")
        }
    }

    // MARK: Counting

    /// Makes a call that tries a credential, once it is reserved; what came of it is to be told with `end`.
    private func attempt(
        _ credential: SignInCredential, _ path: String, headers: [(String, String)], body: [UInt8]
    ) async throws(Problem) -> HTTPAnswer {
        if let problem = pauses[credential.kind]?.problem(at: clock.now()) { throw .transport(problem) }
        try await begin(credential)
        let answer: HTTPAnswer
        do {
            answer = try await transport.send(
                .POST, path, headers: headers, body: body, limit: Self.answerLimit, redactor: redactorOfSignIn)
        } catch {
            switch error {
            case .notSent(let problem):
                await end(credential, .notTried)
                throw .transport(problem)
            case .unknown(let problem):
                throw await fruitless(credential, "The sign-in was not answered: \(problem)")
            }
        }
        guard !CarrierAnswer.isOfUnknownPath(answer) else {
            // Nobody has looked at the credential there.
            throw await fruitless(
                credential, "There is no sign-in at \(path) (HTTP status \(answer.status)). Check thingspace.baseURL.",
                .notTried)
        }
        if let page = GatewayPage(answer), answer.retryAfter == nil || answer.status != 503 {
            throw await fruitless(
                credential,
                "The sign-in at \(path) was not answered by the carrier: \(page.sentence). Check thingspace.baseURL, "
                    + "proxies on the way, and the carrier's notices of outages.",
                page.isProofOfNothing ? .notTried : .unanswered)
        }
        return answer
    }

    /// A sign-in has come to nothing, and is not made again at once.
    private func fruitless(
        _ credential: SignInCredential, _ reason: String, _ outcome: SignInOutcome = .unanswered
    ) async -> Problem {
        await end(credential, outcome)
        var pause = pauses[credential.kind] ?? SignInPause(.oncePerRun)
        let problem = pause.failed(reason, at: clock.now())
        pauses[credential.kind] = pause
        return .transport(problem)
    }

    /// Reserves a sign-in, and waits while another process makes one.
    private func begin(_ credential: SignInCredential) async throws(Problem) {
        // What was refused here is tried again only after it has been accepted elsewhere.
        var refusalsSeen = refused.contains(credential.kind) ? 0 : nil
        while true {
            let decision: SignInDecision
            do {
                decision = try await ledger.begin(credential, refusalsSeen: refusalsSeen)
                if case .underWay = decision { try await clock.sleep(until: clock.now() + Self.pollInterval) }
            } catch is CancellationError {
                throw .transport(Self.cancelled)
            } catch {
                throw .transport(
                    TransportProblem(description: "Nobody is signed in, since it cannot be counted: \(error)"))
            }
            switch decision {
            case .go: return
            case .stopped(let stop): throw .refused(SignInProblem(description: stop.description))
            case .underWay(let refusals): refusalsSeen = refusalsSeen ?? refusals
            }
        }
    }

    /// A ledger that cannot be written must not undo what the carrier has answered. What was reserved counts as
    /// unanswered then.
    private func end(_ credential: SignInCredential, _ outcome: SignInOutcome) async {
        _ = await write(outcome, of: credential)
        if outcome == .accepted {
            refused.remove(credential.kind)
            pauses[credential.kind]?.accepted()
        }
    }

    /// - Returns: whether it is counted. A run that is being stopped still writes it down.
    private func write(_ outcome: SignInOutcome, of credential: SignInCredential) async -> Bool {
        let ledger = ledger
        return await Task {
            do {
                try await ledger.end(credential, outcome)
                return true
            } catch {
                return false
            }
        }.value
    }

    /// What a no of the carrier's to a sign-in means.
    private func problem(_ refusal: CarrierRefusal, of credential: SignInCredential) async -> Problem {
        guard refusal.busy == nil else {
            await end(credential, .notTried)
            return .refusedForNow(refusal)
        }
        let problem = SignInProblem(
            description:
                "The carrier refused \(credential.kind.variables) (\(refusal.message)). Correct them, and start the run, "
                + "or `profilectl serve`, again: they are read only at the start, and not tried again by themselves, since "
                + "the carrier locks a contact after five refusals.")
        refused.insert(credential.kind)
        if await !write(.refused, of: credential) { uncounted = problem }
        return .refused(problem)
    }
}
