/// What a controller does about known state that moved away from the desired one after it had been reached.
public enum DriftPolicy: String, CaseIterable, Sendable {
    /// Takes it back, by the roll-out policy of the set.
    case correct
    /// Shows it and tells of it.
    case report
    /// Takes no notice.
    case off
}
