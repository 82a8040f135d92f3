import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Answers the calls that come to a listener: 2xx only after the message is on disk.
///
/// It knows one path; everything else is not found. Source: `thingspace.md`, sections 5.2 to 5.4.
struct CallbackReception: Sendable {
    let path: CallbackPath
    let credentials: CallbackCredentials
    /// Knows further secrets that must not be kept.
    let redactor: SecretRedactor
    /// Who may connect; `nil` for everybody.
    let allowed: AllowedClients?
    /// Says how many bytes are read of a body, whose length is told or not.
    let bodyLimit: @Sendable (_ length: Int?) async -> Int
    /// How many bytes at most a body has that is no answer to a device list.
    let callbackSize: Int
    let inbox: CallbackInbox
    let budget: BodyBudget
    let connections: ConnectionTable
    let refusals: RefusalCounts
    let clock: any WallClock
    let logger: Logger
    let observer: any ProtocolObserver

    func respond(to request: Request, on channel: any Channel) async -> Response {
        do throws(Refusal) {
            return try await accept(request, on: channel)
        } catch {
            refusals.add(error.reason, from: channel.remoteAddress, detail: error.detail)
            // What is left of the request is not read: the connection ends.
            return Response(status: error.status, headers: [.connection: "close"])
        }
    }

    private struct Refusal: Error {
        let status: HTTPResponse.Status
        let reason: RefusalCounts.Reason
        var detail: String?
    }

    private func accept(_ request: Request, on channel: any Channel) async throws(Refusal) -> Response {
        guard CallbackPath(request.uri.path) == path, request.method == .post else {
            throw Refusal(status: .notFound, reason: request.method == .post ? .wrongPath : .otherRequest)
        }
        let body = try await body(of: request, on: channel)
        let callback: ReceivedCallback
        do {
            guard credentials.accepts(try MessageCredentials(json: body)) else {
                throw Refusal(status: .unauthorized, reason: .wrongCredentials)
            }
            callback = try ReceivedCallback(json: credentials.redactor.redacted(body: redactor.redacted(body: body)))
        } catch let error as UnreadableCallback {
            let beginning = credentials.beginning(of: body)
            throw Refusal(
                status: .badRequest, reason: .malformed, detail: "\(error.reason); it begins with \(beginning)")
        } catch let error as Refusal {
            throw error
        } catch {
            throw Refusal(status: .badRequest, reason: .malformed)
        }
        // Now: one that is being kept must not have to make room before its answer.
        connections.prove(channel)
        do {
            observer.reached(.callbackReceived)
            try await inbox.keep(callback.kept(at: clock.now()))
            observer.reached(.callbackKept)
            refusals.health.accept()
            return Response(status: .ok)
        } catch {
            logger.error("A callback could not be kept and is not acknowledged; the carrier sends it again. \(error)")
            return Response(status: .serviceUnavailable)
        }
    }

    /// How far into a body the credentials are looked for before it has come whole.
    private static let leadingSize = 64 << 10

    /// Reads the body, within the budget of those who have proven as much as its sender.
    private func body(of request: Request, on channel: any Channel) async throws(Refusal) -> [UInt8] {
        let length = request.headers[.contentLength].flatMap { Int($0) }
        let limit = await bodyLimit(length)
        if let length, length > limit { throw Refusal(status: .contentTooLarge, reason: .tooLarge) }
        let proven = limit > callbackSize ? BodyBudget.Kind.list : .callback
        var isProven = hasProven(channel)
        let client = channel.remoteAddress?.ipAddress ?? ""
        let share = budget.share(isProven ? proven : .unproven(client: client))
        defer { share.end() }
        var body: [UInt8] = []
        var parts = request.body.makeAsyncIterator()
        while true {
            let part: ByteBuffer?
            do {
                part = try await parts.next()
            } catch {
                throw Refusal(status: .badRequest, reason: .malformed, detail: "it was cut off")
            }
            guard let part else { return body }
            let size = body.count + part.readableBytes
            guard size <= limit else { throw Refusal(status: .contentTooLarge, reason: .tooLarge) }
            let isEarly = body.count < Self.leadingSize
            if !isProven, size > BodyBudget.freeSize, isEarly,
                let found = LeadingCredentials.find(in: body + part.readableBytesView)
            {
                guard credentials.accepts(found) else {
                    throw Refusal(status: .unauthorized, reason: .wrongCredentials)
                }
                isProven = share.move(to: proven)
                guard isProven else { throw Refusal(status: .serviceUnavailable, reason: .overloaded) }
            }
            guard share.grow(by: part.readableBytes) else {
                throw Refusal(status: .serviceUnavailable, reason: .overloaded)
            }
            body.append(contentsOf: part.readableBytesView)
        }
    }

    /// Whether the carrier, or who passes its calls on, is at the other end: by its address, or by an earlier call.
    private func hasProven(_ channel: any Channel) -> Bool {
        credentials.areEmpty || allowed != nil || AllowedClients.carrier.contains(channel.remoteAddress)
            || connections.isProven(channel)
    }
}

extension CallbackCredentials {
    /// The first bytes of a body that cannot be read, fit for a log: without what may be a secret.
    func beginning(of body: [UInt8]) -> String {
        let visible = body.prefix(4 << 10).map { 0x20...0x7E ~= $0 ? $0 : UInt8(ascii: ".") }
        var text = String(decoding: visible, as: UTF8.self)
        text = redactor.redacted(text)
        if !username.isEmpty { text = text.replacing(username, with: "<redacted>") }
        text = text.replacing(#/(?i)(passw[a-z]*"?\s*[:=]\s*"?)[^",&}]*/#) { "\($0.1)<redacted>" }
        return "`\(text.excerpt(limit: 80))`"
    }
}
