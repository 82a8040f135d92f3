import AsyncHTTPClient
import Foundation
import Logging
import NIOCore

/// Takes notifications to people; never holds up who tells.
public protocol Notifier: Sendable {
    func tell(_ notice: Notice)
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
    private let clock: any WallClock
    private let logger: Logger
    private let queue: AsyncStream<Notice>
    private let continuation: AsyncStream<Notice>.Continuation

    public init(url: String, clock: any WallClock, logger: Logger) {
        self.url = url
        self.clock = clock
        self.logger = logger
        (queue, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.capacity))
    }

    public func tell(_ notice: Notice) {
        continuation.yield(notice)
    }

    public func run() async {
        let client = HTTPTransport.makeClient()
        for await notice in queue {
            guard await deliver(notice, by: client) else { break }
        }
        try? await client.shutdown()
    }

    /// What came of a call.
    private enum Answer {
        case delivered
        /// A later call may do.
        case later(String)
        case refused(String)
    }

    /// Tries until it is delivered, or has to be dropped.
    /// - Returns: whether to go on: `false` if the task was cancelled.
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
        logger.error(
            "A notification could not be delivered to the webhook (PROFILECTL_NOTIFY_URL), and is dropped: \(reason)",
            metadata: ["kind": "\(notice.kind.rawValue)", "text": "\(notice.text)"])
        return true
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
