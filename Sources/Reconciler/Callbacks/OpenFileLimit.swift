import Foundation

/// How many files and connections this process may have open, and how the connections of its servers fit that.
package struct OpenFileLimit: Hashable, Sendable {
    let count: Int

    /// What the rest of the process needs: the store, the carrier's connections, git, and connections that are taken
    /// while those that make room for them close.
    static let reserve = 160
    /// With fewer connections the carrier would be kept out by a few clients that only hold theirs.
    static let fewestCallbackConnections = 64
    static let fewestAdminConnections = 16
    static let lowest = reserve + fewestCallbackConnections + fewestAdminConnections
    /// More is of no use, and some programs do work for each number that could be open.
    private static let highest: rlim_t = 65_536

    /// The limit of this process, which the first use raises as far as the system allows.
    package static let current = OpenFileLimit(count: raised())

    private static func raised() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return Int(highest) }
        let wanted = min(limit.rlim_max, highest)
        if limit.rlim_cur < wanted {
            let before = limit.rlim_cur
            limit.rlim_cur = wanted
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { limit.rlim_cur = before }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// How many connections each server may have open, so that callbacks and people leave the reserve alone.
    struct Shares: Hashable, Sendable {
        let callbacks: Int
        let admin: Int
    }

    /// - Parameters:
    ///   - callbacks: how many connections the callback server is to have, if there is no need for fewer.
    ///   - admin: the same for the admin endpoint.
    /// - Throws: `SettingsError` where the limit is too low for any.
    func shares(callbacks: Int, admin: Int) throws(SettingsError) -> Shares {
        guard count >= Self.lowest else {
            throw SettingsError(
                "This process may have \(count) files and connections open at the same time, and needs at least "
                    + "\(Self.lowest): without them it would lose callbacks. Raise the limit: `ulimit -n 4096` in a "
                    + "shell, LimitNOFILE=4096 in a systemd unit, `--ulimit nofile=4096` for a container.")
        }
        let available = count - Self.reserve
        guard available < callbacks + admin else { return Shares(callbacks: callbacks, admin: admin) }
        let forAdmin = min(admin, max(Self.fewestAdminConnections, available / 5))
        return Shares(callbacks: min(callbacks, available - forAdmin), admin: forAdmin)
    }
}

extension ListenerLimits {
    /// The same limits with as few connections as the callback server's share of the open files.
    /// - Throws: `SettingsError`
    func fitting(_ files: OpenFileLimit) throws(SettingsError) -> ListenerLimits {
        var limits = self
        limits.connections = try files.shares(callbacks: connections, admin: Self.adminConnections).callbacks
        return limits
    }

    /// The same for the admin endpoint.
    /// - Throws: `SettingsError`
    package func fittingAdmin(_ files: OpenFileLimit) throws(SettingsError) -> ListenerLimits {
        var limits = self
        limits.connections = try files.shares(callbacks: Self().connections, admin: connections).admin
        return limits
    }
}
