import Hummingbird
import Reconciler

/// Says whether the program is alive, and whether it does its work. It tells nothing of the fleet, since everybody may
/// ask.
///
/// Ready is who keeps callbacks and looks after a fleet. A carrier that is away, or manifests that are broken, leave it
/// ready: whoever took it out of service for that would lose callbacks, too. Where the callbacks of no account come, there
/// is nothing to lose.
struct HealthCheck: Sendable {
    let board: ControllerBoard
    let store: any StateStore
    let clock: any WallClock

    static var alive: Response { .text("alive\n", contentType: "text/plain; charset=utf-8") }

    func readiness() async -> Response {
        let status = board.current
        var reasons = status.unreadiness(at: clock.now())
        do {
            _ = try await store.read { try $0.pauses() }
        } catch {
            reasons.append("the state store cannot be read")
        }
        let isReady = reasons.isEmpty
        let lacks = reasons + status.degradations + board.callbackHealth.problems(at: clock.now())
        let text =
            (isReady ? (lacks.isEmpty ? "ready" : "ready, but degraded: ") : "not ready: ")
            + lacks.joined(separator: "; ") + "\n"
        return .text(text, contentType: "text/plain; charset=utf-8", status: isReady ? .ok : .serviceUnavailable)
    }
}
