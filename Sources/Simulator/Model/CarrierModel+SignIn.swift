import Foundation

/// Tokens and sessions. Source: `thingspace.md`, section 1.
extension CarrierModel {
    mutating func issueToken(authorization: String?, contentType: String?, body: String, now: Double) -> Answer {
        guard let authorization, authorization.hasPrefix("Basic ") else { return .missingBearer }
        let expected = Data("\(options.clientID):\(options.clientSecret)".utf8).base64EncodedString()
        guard authorization.dropFirst("Basic ".count) == expected else {
            return .ok(
                .object([
                    ("error", .string("invalid_client")),
                    ("error_description", .string("Client authentication failed")),
                ]), status: 401)
        }
        guard contentType?.lowercased().hasPrefix("application/x-www-form-urlencoded") == true,
            body.split(separator: "&").contains("grant_type=client_credentials")
        else {
            return Answer(
                status: 400, contentType: "text/plain",
                body: "invalid_request, missing grant_type parameter value")
        }
        // Asked again within its life, the same token comes back with what is left of it.
        if !(bearer.map { isAlive($0, at: now) } ?? false) {
            counts.tokensIssued += 1
            let life = lifeInCalls(
                [.bearerEndsNumeric, .bearerEndsPage], number: counts.tokensIssued, otherwise: options.callsPerToken)
            bearer = Bearer(token: nextGUID(), issuedAt: now, life: life)
        }
        guard let bearer else { return .wrongAuthentication }
        let token = [
            ("access_token", JSON.string(bearer.token)), ("scope", .string("default")),
            ("token_type", .string("Bearer")),
        ]
        if behaves(.oddExpiresIn) {
            let number = counts.behaviors[CarrierBehavior.oddExpiresIn.rawValue, default: 0]
            count(.oddExpiresIn)
            let turn = (Int(options.seed % UInt64(Self.oddLives.count)) + number) % Self.oddLives.count
            // Written out: no number of this process can hold them.
            let body = JSON.object(token).text.dropLast() + "\(Self.oddLives[turn])}"
            return Answer(status: 200, body: String(body))
        }
        return .ok(
            .object(token + [("expires_in", .number(max(1, Int(bearer.issuedAt + options.tokenLife - now))))]))
    }

    /// What stands behind the other members of a token's answer, in turn from one that the seed chooses.
    private static let oddLives = [
        ",\"expires_in\":9223372036854775807", ",\"expires_in\":\"3600\"", ",\"expires_in\":null", "",
        ",\"expires_in\":0", ",\"expires_in\":-1", ",\"expires_in\":1e400", ",\"expires_in\":\"NaN\"",
    ]

    /// `nil` if the bearer token is right.
    mutating func refuseBearer(_ authorization: String?, now: Double) -> Answer? {
        guard let authorization, !authorization.isEmpty else { return .missingBearer }
        guard authorization.hasPrefix("Bearer ") else { return .wrongAuthentication }
        guard let bearer, authorization.dropFirst("Bearer ".count) == bearer.token,
            isAlive(bearer, at: now)
        else { return endedBearer() }
        self.bearer?.calls += 1
        return nil
    }

    private func isAlive(_ bearer: Bearer, at now: Double) -> Bool {
        now < bearer.issuedAt + options.tokenLife && bearer.calls < bearer.life
    }

    /// The calls that a token lives for: few where the carrier shows one of these.
    private func lifeInCalls(_ behaviors: [CarrierBehavior], number: Int, otherwise: Int?) -> Int {
        guard let behavior = behavior(among: behaviors) else { return otherwise ?? .max }
        let calls = options.carrierFaultSettings.callsPerToken
        return calls.lowerBound + Int(chance.share(behavior.rawValue, String(number)) * Double(calls.count))
    }

    private mutating func endedBearer() -> Answer {
        switch behavior(among: [.bearerEndsNumeric, .bearerEndsPage]) {
        case .bearerEndsNumeric?:
            count(.bearerEndsNumeric)
            return .numeric(401, "Unauthorized")
        case .bearerEndsPage?:
            count(.bearerEndsPage)
            return .page(401)
        default:
            return .wrongBearer
        }
    }

    private static let sessionBehaviors: [CarrierBehavior] = [
        .sessionEndsBare401, .sessionEndsBare403, .sessionEndsNumeric,
    ]

    /// What a session that is over is answered with, where the carrier does not say so in the usual words.
    private mutating func endedSession() -> Answer? {
        guard let behavior = behavior(among: Self.sessionBehaviors) else { return nil }
        count(behavior)
        switch behavior {
        case .sessionEndsBare401: return .bare(401)
        case .sessionEndsBare403: return .bare(403)
        default: return .numeric(401, "Unauthorized")
        }
    }

    mutating func logIn(_ body: [String: Any]?, now: Double) -> Answer {
        guard refusedLogins < options.maximumRefusedLogins else {
            counts.refusedLogins += 1
            return .error("REQUEST_FAILED.ContactLocked", "The contact is locked. Call support.")
        }
        guard let username = body?["username"] as? String, let password = body?["password"] as? String else {
            return .error("INPUT_INVALID.RequestUndefined", "username and password are required.")
        }
        guard username == options.username, password == options.password else {
            refusedLogins += 1
            counts.refusedLogins += 1
            return .error("REQUEST_FAILED.InvalidCredentials", "The user name or password is not valid.")
        }
        refusedLogins = 0
        counts.logins += 1
        let token = nextGUID()
        let life = lifeInCalls(Self.sessionBehaviors, number: counts.logins, otherwise: options.callsPerSession)
        sessions[token] = Session(usedAt: now, life: life)
        return .ok(.object([("sessionToken", .string(token))]))
    }

    /// `nil` if the session is right; it lives on from now.
    mutating func refuseSession(_ token: String?, now: Double) -> Answer? {
        guard let token, !token.isEmpty else { return .sessionMissing }
        guard UUID(uuidString: token) != nil else { return .sessionInvalid }
        guard let session = sessions[token] else { return endedSession() ?? .sessionInvalid }
        guard now - session.usedAt < options.sessionIdleLife, session.calls < session.life else {
            sessions[token] = nil
            return endedSession() ?? .sessionExpired
        }
        sessions[token] = Session(usedAt: now, life: session.life, calls: session.calls + 1)
        return nil
    }

    mutating func logOut(_ token: String) -> Answer {
        sessions[token] = nil
        return .ok(.object([("sessionToken", .string(token))]))
    }
}
