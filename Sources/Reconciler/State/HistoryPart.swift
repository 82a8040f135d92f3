/// What a store keeps of the past, in parts that are forgotten one after the other: what a later part holds may be
/// named by an earlier one.
public enum HistoryPart: CaseIterable, Sendable {
    /// Those that tell how the latest operation of a device went are never forgotten.
    case events
    /// Those that nobody has read yet are never forgotten.
    case callbacks
    /// With all the operations that they carried. A request that carried an open operation, or the latest one of some
    /// device, is kept whole, so that whatever the carrier still says of it is understood as before.
    case requests
    /// Those that have not ended are never forgotten.
    case rollouts
    /// Those that have made a request which is kept are never forgotten.
    case runs
}
