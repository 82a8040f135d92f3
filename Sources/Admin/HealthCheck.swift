import Hummingbird
import Reconciler

/// Says whether the program is alive, and whether it does its work. It tells nothing of the fleet, since everybody may
/// ask.
struct HealthCheck: Sendable {
    let board: ControllerBoard
    let store: any StateStore

    static var alive: Response { .text("alive\n", contentType: "text/plain; charset=utf-8") }

    func readiness() async -> Response {
        var reasons: [String] = []
        if !board.current.isReady { reasons.append("the manifests are not read yet") }
        do {
            _ = try await store.read { try $0.pauses() }
        } catch {
            reasons.append("the state store cannot be read")
        }
        let text = reasons.isEmpty ? "ready\n" : "not ready: \(reasons.joined(separator: "; "))\n"
        return .text(
            text, contentType: "text/plain; charset=utf-8", status: reasons.isEmpty ? .ok : .serviceUnavailable)
    }
}
