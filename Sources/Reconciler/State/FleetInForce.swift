/// What a controller had in force of one origin of manifests, by which it is seen later what is gone.
public struct FleetInForce: Hashable, Sendable {
    /// As a person would name it.
    public let origin: String
    /// Where the manifests come from git.
    public var commit: String?
    /// How many devices each profile set had, at the most since people were told last that it had fewer.
    public var sets: [String: Int]

    public init(origin: String, commit: String?, sets: [String: Int]) {
        self.origin = origin
        self.commit = commit
        self.sets = sets
    }
}
