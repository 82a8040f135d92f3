import AsyncHTTPClient
import Foundation
import Logging
import NIOCore

/// Takes notifications to people; never holds up who tells.
public protocol Notifier: Sendable {
    func tell(_ notification: Notice)
    /// Delivers what was told until the task is cancelled.
    func run() async
}

/// Posts notifications as JSON to a URL, one after the other; chat systems that take a `text` show the sentence.
///
/// The URL is a secret: it appears in no log.
public struct WebhookNotifier: Notifier {
    /// So many may wait; beyond that the oldest are dropped.
    private static let capacity = 100
    private static let tries = 4

    private let url: String
    private let client: HTTPClient
    private let clock: any WallClock
    private let logger: Logger
    private let queue: AsyncStream<Notice>
    private let continuation: AsyncStream<Notice>.Continuation

    public init(url: String, client: HTTPClient, clock: any WallClock, logger: Logger) {
        self.url = url
        self.client = client
        self.clock = clock
        self.logger = logger
        (queue, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.capacity))
    }

    public func tell(_ notification: Notice) {
        continuation.yield(notification)
    }

    public func run() async {
        for await notification in queue {
            for attempt in 1...Self.tries {
                if await deliver(notification) { break }
                if attempt == Self.tries {
                    logger.error(
                        "A notification could not be delivered to the webhook, and is dropped",
                        metadata: ["kind": "\(notification.kind.rawValue)", "text": "\(notification.text)"])
                } else if (try? await clock.sleep(until: clock.now() + .seconds(1 << attempt))) == nil {
                    return
                }
            }
        }
    }

    /// - Returns: whether it need not be tried again.
    private func deliver(_ notification: Notice) async -> Bool {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: notification.json))
        guard let response = try? await client.execute(request, timeout: .seconds(10)) else { return false }
        return response.status.code < 500 && response.status != .tooManyRequests
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
