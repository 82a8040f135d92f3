import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Reconciler

extension AdminResponder {
    var tooLarge: Refusal {
        refusals.add(.tooLarge)
        return Refusal(
            .contentTooLarge, "At most \(limits.bodySize) bytes are taken.", headers: [.connection: "close"])
    }

    /// - Throws: `Refusal`
    func form(of request: Request, _ route: AdminRoute) async throws -> QueryParameters {
        let contentType = request.headers[.contentType]?.prefix { $0 != ";" }
        guard contentType?.lowercased() == "application/x-www-form-urlencoded" else {
            refusals.add(.malformed)
            throw Refusal(
                .unsupportedMediaType, "A form is expected (application/x-www-form-urlencoded).",
                headers: [.connection: "close"])
        }
        var body = ByteBuffer()
        var parts = request.body.makeAsyncIterator()
        while let part = try await next(&parts) {
            guard body.readableBytes + part.readableBytes <= limits.bodySize else { throw tooLarge }
            body.writeImmutableBuffer(part)
        }
        let known: Set<String> =
            switch route {
            case .signIn: ["token", "next"]
            case .pause: ["seal", "profileSet", "reason"]
            case .resume: ["seal", "profileSet"]
            default: ["seal"]
            }
        return try QueryParameters(String(buffer: body), known: known)
    }

    /// - Throws: `Refusal` where the body is cut off: that is the client's doing, and no line for the log each.
    private func next(_ parts: inout RequestBody.AsyncIterator) async throws(Refusal) -> ByteBuffer? {
        do {
            return try await parts.next()
        } catch {
            refusals.add(.malformed)
            throw Refusal(.badRequest, "The form was cut off.", headers: [.connection: "close"])
        }
    }

    /// - Throws: `Refusal`
    func checkForm(
        _ form: QueryParameters, of request: Request, from visitor: Visitor, isSignIn: Bool
    ) throws {
        guard visitor.isBrowser else { return }
        switch gate.formOrigin(request, isSecure: isSecure) {
        case .own where isSignIn || gate.isSealed(form["seal"], for: visitor): return
        case .own, .foreign:
            refusals.add(.forged)
            throw Refusal(
                .forbidden,
                "This form was not sent from a page of this dashboard, or from one that is too old. Open the page "
                    + "again, and try once more.")
        case .otherHost(let origin, let host):
            refusals.add(.forged)
            throw Refusal(
                .forbidden,
                "This form comes from a page of \(origin.excerpt(limit: 100)), and was sent to "
                    + "\(isSecure ? "https" : "http")://\(host.excerpt(limit: 100)). If both are this dashboard, a proxy in "
                    + "between changes the host or the scheme: let it pass on Host with its port, and send "
                    + "X-Forwarded-Proto.")
        }
    }

    /// Asks for the token.
    func turnAway(_ request: Request, _ route: AdminRoute) throws -> Response {
        guard !route.isPage else {
            guard request.method != .post, request.uri.string != "/" else { return .seeOther("/login") }
            let next = request.uri.string.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
            return .seeOther("/login?next=\(next ?? "")")
        }
        let hasToken = Gate.bearerToken(of: request) != nil
        refusals.add(hasToken ? .wrongToken : .noToken)
        throw Refusal(
            .unauthorized,
            hasToken ? "This is not the token." : "The token is to be sent as `Authorization: Bearer TOKEN`.",
            headers: [.wwwAuthenticate: "Bearer realm=\"profilectl\""])
    }

    func refused(_ error: any Error, isPage: Bool) -> Response {
        let refusal: Refusal
        switch error {
        case let error as Refusal: refusal = error
        case let error as StateStoreError:
            logger.error("\(error)")
            refusal = Refusal(.serviceUnavailable, error.description)
        default:
            logger.error("A request could not be answered: \(error)")
            refusal = Refusal(.internalServerError, "This could not be answered. The log says why.")
        }
        var response =
            isPage
            ? Response.page(dashboard.refusal(refusal), status: refusal.status)
            : (try? Response.json(refusal.problem, contentType: "application/problem+json", status: refusal.status))
                ?? Response(status: refusal.status)
        for field in refusal.headers { response.headers[field.name] = field.value }
        return response
    }

    /// No script or style but our own files, no frames, no foreign requests, nothing guessed or kept.
    static let protection: HTTPFields = {
        var fields: HTTPFields = [
            .contentSecurityPolicy:
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            .xContentTypeOptions: "nosniff", .crossOriginResourcePolicy: "same-origin",
        ]
        let others = [
            // With `no-referrer` a browser would not say where a form comes from either.
            "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
            "X-Frame-Options": "DENY", "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        ]
        for (name, value) in others {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return fields
    }()
}
