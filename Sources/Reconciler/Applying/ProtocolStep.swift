/// The moments of a run between which a crash must do no harm, in the order in which they come.
public enum ProtocolStep: String, CaseIterable, Sendable {
    /// The intent is on disk, and the call has not left.
    case intentKept = "intent-kept"
    /// The carrier has answered a call, and nothing of the answer is on disk.
    case callAnswered = "call-answered"
    /// The answer, with its requestId, is on disk.
    case answerKept = "answer-kept"
    /// A callback was accepted, and is not on disk.
    case callbackReceived = "callback-received"
    /// A callback is on disk, and not acknowledged.
    case callbackKept = "callback-kept"
    /// Callbacks have taken effect.
    case callbacksRead = "callbacks-read"
}

/// Told of each step. It exists so that tests can end the process at any of them.
public protocol ProtocolObserver: Sendable {
    func reached(_ step: ProtocolStep)
}

/// Lets all steps pass.
public struct IndifferentObserver: ProtocolObserver {
    public init() {}
    public func reached(_ step: ProtocolStep) {}
}
