import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Answers the calls that come to a listener: 2xx only after the message is on disk.
///
/// It knows one path; everything else is not found. Source: `thingspace.md`, sections 5.2 to 5.4.
struct CallbackReception: Sendable {
    let path: String
    let credentials: CallbackCredentials
    /// Knows further secrets that must not be kept.
    let redactor: SecretRedactor
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
        guard isOurs(request.uri.path), request.method == .post else { return refuse(.notFound, .wrongPath) }
        let length = request.headers[.contentLength].flatMap { Int($0) }
        let limit = await bodyLimit(length)
        if let length, length > limit { return refuse(.contentTooLarge, .tooLarge) }
        let share = budget.share(mayBeList: limit > callbackSize)
        defer { share.end() }
        var body: [UInt8] = []
        do {
            for try await part in request.body {
                guard body.count + part.readableBytes <= limit else { return refuse(.contentTooLarge, .tooLarge) }
                guard share.grow(by: part.readableBytes) else { return refuse(.serviceUnavailable, .overloaded) }
                body.append(contentsOf: part.readableBytesView)
            }
        } catch {
            return refuse(.badRequest, .malformed)
        }
        let callback: ReceivedCallback
        do {
            guard credentials.accepts(try MessageCredentials(json: body)) else {
                return refuse(.unauthorized, .wrongCredentials)
            }
            callback = try ReceivedCallback(json: credentials.redactor.redacted(body: redactor.redacted(body: body)))
        } catch {
            return refuse(.badRequest, .malformed)
        }
        // Now: one that is being kept must not have to make room before its answer.
        connections.prove(channel)
        do {
            observer.reached(.callbackReceived)
            try await inbox.keep(callback.kept(at: clock.now()))
            observer.reached(.callbackKept)
            return Response(status: .ok)
        } catch {
            logger.error("A callback could not be kept and is not acknowledged; the carrier sends it again. \(error)")
            return Response(status: .serviceUnavailable)
        }
    }

    /// A path is compared in one spelling, whatever way the carrier writes it.
    private func isOurs(_ requested: String) -> Bool {
        requested == path || URLPath.normalized(requested) == URLPath.normalized(path)
    }

    /// What is left of the request is not read: the connection ends.
    private func refuse(_ status: HTTPResponse.Status, _ reason: RefusalCounts.Reason) -> Response {
        refusals.add(reason)
        return Response(status: status, headers: [.connection: "close"])
    }
}
