import Synchronization

/// The board on which a controller writes what it does, and from which others read it.
public final class ControllerBoard: Sendable {
    private let status: Mutex<ControllerStatus>

    /// Whether the carrier's deliveries reach this process.
    public let callbackHealth = CallbackHealth()

    /// Told of each change of the status.
    public let changes = Wakeup()

    public init(_ status: ControllerStatus) {
        self.status = Mutex(status)
    }

    public var current: ControllerStatus { status.withLock { $0 } }

    public func update(_ change: (inout ControllerStatus) -> Void) {
        status.withLock { change(&$0) }
        changes.notify()
    }
}
