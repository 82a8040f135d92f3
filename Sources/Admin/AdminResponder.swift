import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Reconciler

/// Answers what comes to the admin endpoint: who asks is looked at first, then what for.
struct AdminResponder: Sendable {
    let gate: Gate
    let limits: ListenerLimits
    /// Whether TLS is spoken here.
    let isSecure: Bool
    let connections: ConnectionTable
    let refusals: RefusalTally
    let signIns: SignInThrottle
    let dashboard: Dashboard
    let api: ReadAPI
    let health: HealthCheck
    let metrics: MetricsPage
    let stream: ChangeStream
    let pauses: PauseSession
    let wakeup: Wakeup
    let logger: Logger

    func respond(to request: Request, on channel: any Channel) async -> Response {
        let caller = Caller(channel)
        let route = AdminRoute(path: request.uri.path)
        var response: Response
        do {
            response = try await answer(request, route, caller, channel)
        } catch {
            response = refused(error, isPage: route?.isPage ?? !request.uri.path.hasPrefix("/api/"))
        }
        if request.method == .head { response = response.createHeadResponse() }
        for field in Self.protection { response.headers[field.name] = field.value }
        return response
    }

    private func answer(
        _ request: Request, _ route: AdminRoute?, _ caller: Caller, _ channel: any Channel
    ) async throws -> Response {
        guard gate.accepts(host: request.head.authority) else {
            refusals.add(.wrongHost)
            throw Refusal(
                .misdirectedRequest,
                "Without a token this endpoint answers only under localhost, 127.0.0.1 or [::1], so that no foreign "
                    + "page can look in by a name of its own.")
        }
        guard let route else { throw Refusal.notFound() }
        guard route.methods.contains(request.method) else {
            let allowed = route.methods.map(\.rawValue).joined(separator: ", ")
            throw Refusal(.methodNotAllowed, "Only \(allowed) can be used here.", headers: [.allow: allowed])
        }
        if let length = request.headers[.contentLength].flatMap(Int.init), length > limits.bodySize {
            throw tooLarge
        }
        let visitor = gate.visitor(request, caller)
        if !visitor.mayLook {
            if !route.isOpen { return try turnAway(request, route) }
        } else if gate.needsToken {
            connections.prove(channel)
        }
        let form = request.method == .post ? try await form(of: request, route) : nil
        if let form { try checkForm(form, of: request, from: visitor, isSignIn: route == .signIn) }
        return try await answer(request, route, visitor, caller, form)
    }

    private func answer(
        _ request: Request, _ route: AdminRoute, _ visitor: Visitor, _ caller: Caller, _ form: QueryParameters?
    ) async throws -> Response {
        let query = request.uri.query
        let page = PageVisit(seal: gate.seal(for: visitor), canSignOut: visitor.isSignedIn)
        switch route {
        case .health: return HealthCheck.alive
        case .readiness: return await health.readiness()
        case .metrics: return await metrics.response(accept: request.headers[.accept])
        case .asset(let name):
            guard let asset = dashboard.assets.response(name) else { throw Refusal.notFound() }
            return asset
        case .api(let route): return try await api.answer(route, query: query)
        case .events: return stream.response(to: request) { gate.isStillGood(visitor) }
        case .fleet:
            return withCookie(.page(await dashboard.fleet(page)), visitor, caller)
        case .devices: return withCookie(.page(try await dashboard.devices(page, query: query)), visitor, caller)
        case .device(let eid):
            return withCookie(.page(try await dashboard.device(page, eid: eid)), visitor, caller)
        case .signIn: return try signIn(form, query: query, caller)
        case .signOut:
            gate.signOut(visitor)
            var response = Response.seeOther("/login")
            response.headers[.setCookie] = gate.cookie(nil, caller, isSecure: isSecure)
            return response
        case .pause, .resume:
            try await hold(form, isPause: route == .pause, visitor, caller)
            return visitor.isBrowser ? .seeOther("/") : Response(status: .noContent)
        }
    }

    private func signIn(_ form: QueryParameters?, query: String?, _ caller: Caller) throws -> Response {
        guard gate.needsToken else { return .seeOther("/") }
        guard let form else {
            let next = try QueryParameters(query, known: ["next"], ignoresOthers: true)["next"] ?? "/"
            return .page(dashboard.signIn(next: next, wasRefused: false))
        }
        let next = form["next"] ?? "/"
        if let wait = signIns.wait(for: caller.address) {
            refusals.add(.tooManySignIns)
            throw Refusal(
                .tooManyRequests,
                "Too many wrong tokens came from this address. Try again in \(wait) seconds.",
                headers: [.retryAfter: String(wait)])
        }
        guard let key = gate.signIn(form["token"] ?? "") else {
            signIns.noteFailure(of: caller.address)
            refusals.add(.wrongToken)
            return .page(dashboard.signIn(next: next, wasRefused: true), status: .unauthorized)
        }
        signIns.noteSuccess(of: caller.address)
        logger.info("Signed in at the dashboard", metadata: ["client": "\(caller.address)"])
        // Only a path of this server: a foreign page could have chosen where to go on.
        let isOwn =
            next.hasPrefix("/") && !next.hasPrefix("//") && next.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != 0x5C }
        var response = Response.seeOther(isOwn ? next : "/")
        response.headers[.setCookie] = gate.cookie(key, caller, isSecure: isSecure)
        return response
    }

    private func hold(
        _ form: QueryParameters?, isPause: Bool, _ visitor: Visitor, _ caller: Caller
    ) async throws {
        let profileSet = form?["profileSet"].flatMap { $0.isEmpty ? nil : $0 }
        if let profileSet, isPause, !dashboard.profileSets.contains(profileSet) {
            throw Refusal.notFound("There is no profile set `\(profileSet)`.")
        }
        let person = visitor.name(caller)
        if isPause {
            try await pauses.pause(
                profileSet, reason: form?["reason"] ?? "", by: person, alsoKnown: dashboard.profileSets)
        } else {
            // A set that is gone may be paused still.
            _ = try await pauses.resume(
                profileSet.map { .profileSet($0) } ?? .everything, by: person,
                alsoKnown: profileSet.map { [$0] } ?? [])
        }
        wakeup.notify()
        logger.notice(
            isPause ? "Paused" : "Resumed",
            metadata: ["what": "\(profileSet ?? "everything")", "by": "\(person)"])
    }

    /// Lets the browsers of neighbours keep what their forms are sealed with.
    private func withCookie(_ response: Response, _ visitor: Visitor, _ caller: Caller) -> Response {
        guard case .neighbour(let key, isNew: true) = visitor else { return response }
        var response = response
        response.headers[.setCookie] = gate.cookie(key, caller, isSecure: isSecure)
        return response
    }
}
