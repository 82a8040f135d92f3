/// Tells hosts on this machine from all others, by their spelling alone.
package enum LoopbackHost {
    /// Whether it is `localhost`, `::1`, or an IPv4 address in 127.0.0.0/8.
    package static func contains(_ host: String) -> Bool {
        let bare = host.lowercased().filter { $0 != "[" && $0 != "]" }
        if bare == "localhost" || bare == "::1" { return true }
        let parts = bare.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
