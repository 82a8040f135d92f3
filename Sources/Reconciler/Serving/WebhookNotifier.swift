import AsyncHTTPClient
import Foundation
import Logging
import NIOCore

/// Takes notifications to people.
public protocol Notifier: Sendable {
    /// - Returns: whether it was delivered; otherwise, unless it is over by then, it is given again later.
    func deliver(_ notice: Notice) async -> Bool
}

/// Posts notifications as JSON to a URL; chat systems that take a `text` show the sentence.
///
/// The URL is a secret: it appears in no log.
public struct WebhookNotifier: Notifier {
    private static let tries = 4

    private let url: String
    private let clock: any WallClock
    private let logger: Logger

    public init(url: String, clock: any WallClock, logger: Logger) {
        self.url = url
        self.clock = clock
        self.logger = logger
    }

    public func deliver(_ notice: Notice) async -> Bool {
        let client = HTTPTransport.makeClient()
        let isDelivered = await deliver(notice, by: client)
        try? await client.shutdown()
        return isDelivered
    }

    /// What came of a call.
    private enum Answer {
        case delivered
        /// A later call may do.
        case later(String)
        case refused(String)
    }

    private func deliver(_ notice: Notice, by client: HTTPClient) async -> Bool {
        var reason = ""
        tries: for attempt in 1...Self.tries {
            switch await post(notice, by: client) {
            case .delivered: return true
            case .refused(let why):
                reason = why
                break tries
            case .later(let why):
                reason = why
                guard attempt < Self.tries else { break }
                guard (try? await clock.sleep(until: clock.now() + .seconds(1 << attempt))) != nil else { return false }
            }
        }
        guard !Task.isCancelled else { return false }
        logger.error(
            "A notification could not be delivered to the webhook (PROFILECTL_NOTIFY_URL), and is tried again: \(reason)",
            metadata: ["kind": "\(notice.kind.rawValue)", "text": "\(notice.text)"])
        return false
    }

    private func post(_ notice: Notice, by client: HTTPClient) async -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: notice.json))
        guard let response = try? await client.execute(request, timeout: .seconds(10)) else {
            return .later("it cannot be reached")
        }
        switch response.status.code {
        case 200..<300: return .delivered
        case 429, 500...: return .later("it answered with status \(response.status.code)")
        default: return .refused("it answered with status \(response.status.code)")
        }
    }
}

extension Notice {
    /// The body of the webhook's call.
    var json: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("text", "profilectl: \(text)")
            json.member("kind", kind.rawValue)
            if let profileSet { json.member("profileSet", profileSet) }
            json.member("devices", devices)
            if let commit { json.member("commit", commit) }
            json.member("at", at.description)
        }
        return json.bytes
    }
}
