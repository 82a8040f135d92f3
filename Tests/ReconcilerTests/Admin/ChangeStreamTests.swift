import Foundation
import Testing

@testable import Admin
@testable import Reconciler

@Suite("Live updates of the dashboard", .timeLimit(.minutes(5)))
struct ChangeStreamTests {
    @Test("a change of the board is told, changes in between count as one, and the stream ends with the endpoint")
    func changes() async throws {
        try await AdminScene.run(pace: .init(interval: .zero, heartbeat: .seconds(3600))) { scene in
            let text = try await scene.stream("/events") { text in
                // Each event lets the next change happen.
                if text.hasSuffix("\n\n") { scene.board.update { $0.unmanaged += 1 } }
                return text.components(separatedBy: "event: changed").count > 3
            }
            #expect(text.hasPrefix("retry: 2000\nevent: changed\n"))
            // Left open: the endpoint is to end all the same.
            let (opened, continuation) = AsyncStream.makeStream(of: Void.self)
            let open = Task {
                _ = try await scene.stream("/events") { _ in
                    continuation.yield()
                    return false
                }
            }
            for await _ in opened { break }
            _ = open
        }
    }

    @Test("only so many listen at the same time, and places become free again")
    func limit() async throws {
        try await AdminScene.run(pace: .init(interval: .zero, heartbeat: .seconds(3600), watchers: 1)) { scene in
            let (opened, continuation) = AsyncStream.makeStream(of: Void.self)
            let first = Task {
                try await scene.stream("/events") { _ in
                    continuation.yield()
                    return false
                }
            }
            for await _ in opened { break }
            #expect(try await scene.call("/events").status == 503)
            #expect(try await scene.call("/metrics").body.contains("profilectl_admin_watchers 1"))
            first.cancel()
            _ = try? await first.value
            // The endpoint is told by the connection that its client has gone.
            let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(20))
            let isFree = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
                let text = try? await scene.stream("/events") { _ in true }
                return text?.contains("event: changed") == true ? true : nil
            }
            #expect(isFree == true)
        }
    }

    @Test("who signs out is told nothing more")
    func signOut() async throws {
        try await AdminScene.run(
            token: AdminScene.token, pace: .init(interval: .zero, heartbeat: .seconds(3600))
        ) { scene in
            let cookie = try #require(try await scene.signIn())
            let seal = try #require(try await scene.call("/", headers: ["Cookie": cookie]).seal)
            let (opened, continuation) = AsyncStream.makeStream(of: Void.self)
            async let text = scene.stream("/events", headers: ["Cookie": cookie]) { _ in
                continuation.yield()
                return false
            }
            for await _ in opened { break }
            #expect(try await scene.submit("/logout", ["seal": seal], cookie: cookie).status == 303)
            scene.board.update { $0.unmanaged += 1 }
            // It ends by itself, with the event that was on its way at most.
            #expect(try await text.components(separatedBy: "event: ").count <= 3)
        }
    }
}
