import Foundation

extension Settings {
    /// Reads the settings file, then the environment over it.
    ///
    /// - Parameters:
    ///   - path: `nil` for `profilectl.yaml` if that exists.
    ///   - environment: variables named `PROFILECTL_...`, one for each setting.
    /// - Throws: `SettingsError` with all that is wrong.
    public static func load(path: String?, environment: [String: String]) throws(SettingsError) -> Settings {
        var settings = Settings()
        let file = path ?? "profilectl.yaml"
        if path != nil || FileManager.default.fileExists(atPath: file) {
            let contents = try SettingsFile(file)
            settings.warnings = contents.warnings
            try settings.take(contents.data, file: file)
        }
        try settings.take(environment)
        for (name, path) in settings.paths { try UnexpandedPath.check(path, as: name) }
        return settings
    }

    private mutating func take(_ data: Data, file: String) throws(SettingsError) {
        var complaints = ComplaintList(limit: 100, isStrict: false)
        var composer = YAMLComposer(ManifestText(data), limits: ManifestLimits())
        do {
            var isOver = false
            var first: SourcePlace?
            while !isOver {
                switch try composer.next() {
                case .documentStart:
                    guard let node = try composer.nextNode(depth: 0), !node.isNull else { continue }
                    let place = SourcePlace(file: file, mark: node.mark)
                    if let first {
                        complaints.add(
                            Complaint(
                                .error, .repetition, at: place, found: "a second document of settings",
                                expected: "one", related: first))
                        continue
                    }
                    first = place
                    take(node, file: file, complaints: &complaints)
                case .streamEnd: isOver = true
                default: break
                }
            }
        } catch {
            throw SettingsError(
                "\(SourcePlace(file: file, mark: error.mark)): the settings file cannot be read as YAML.")
        }
        for duplicate in composer.takeDuplicateKeys() {
            complaints.add(duplicate, in: file)
        }
        guard complaints.errorCount == 0 else {
            throw SettingsError(complaints.complaints)
        }
    }

    private mutating func take(_ node: YAMLNode, file: String, complaints: inout ComplaintList) {
        guard
            let top = MappingReader(node, file: file, path: "", known: SettingsShape.top.keys, complaints: &complaints)
        else { return }
        if let location = top.text("state", expected: "sqlite:PATH", complaints: &complaints) {
            state = StateLocation.resolve(location, below: FilePath.folder(of: file))
        }
        stateTimeout =
            top.scalar("stateTimeout", expected: DurationBounds.stateTimeout.expected, complaints: &complaints) {
                DurationBounds.stateTimeout.read($0)
            } ?? stateTimeout
        history =
            top.scalar("history", expected: DurationBounds.history.expected, complaints: &complaints) {
                DurationBounds.history.read($0)
            } ?? history
        verification =
            top.scalar("verify", expected: "lookup or trust", complaints: &complaints) {
                ApplyOptions.Verification(rawValue: $0)
            } ?? verification
        if let node = top.node("thingspace"),
            let reader = MappingReader(
                node, file: file, path: "thingspace", known: SettingsShape.thingspace.keys, complaints: &complaints)
        {
            baseURL = reader.text("baseURL", expected: "a URL", complaints: &complaints) ?? baseURL
        }
        if let node = top.node("callbacks") { takeCallbacks(node, file: file, complaints: &complaints) }
        if let node = top.node("refresh") { takeRefresh(node, file: file, complaints: &complaints) }
        if let node = top.node("admin") { takeAdmin(node, file: file, complaints: &complaints) }
        if let node = top.node("serve") { takeServe(node, file: file, complaints: &complaints) }
        if let node = top.node("convergence") { takeConvergence(node, file: file, complaints: &complaints) }
    }

    private mutating func takeCallbacks(_ node: YAMLNode, file: String, complaints: inout ComplaintList) {
        guard
            let reader = MappingReader(
                node, file: file, path: "callbacks", known: SettingsShape.callbacks.keys,
                complaints: &complaints)
        else { return }
        callbackListen = reader.text("listen", expected: "HOST:PORT", complaints: &complaints) ?? callbackListen
        callbackURL = reader.text("url", expected: "a URL", complaints: &complaints) ?? callbackURL
        callbackTLS = Self.tls(in: reader, complaints: &complaints) ?? callbackTLS
        callbackAllow = Self.clients(in: reader, complaints: &complaints) ?? callbackAllow
        behindProxy =
            reader.scalar("behindProxy", expected: "true or false", complaints: &complaints) { Bool($0) } ?? behindProxy
        register =
            reader.scalar("register", expected: "check, auto or never", complaints: &complaints) {
                RegistrationMode(rawValue: $0)
            } ?? register
    }

    private mutating func takeRefresh(_ node: YAMLNode, file: String, complaints: inout ComplaintList) {
        guard
            let reader = MappingReader(
                node, file: file, path: "refresh", known: SettingsShape.refresh.keys, complaints: &complaints)
        else { return }
        func choice(_ key: String, _ current: Bool) -> Bool {
            reader.scalar(key, expected: "true or false", complaints: &complaints) { Bool($0) } ?? current
        }
        lists.v1 = choice("v1", lists.v1)
        lists.v2 = choice("v2", lists.v2)
        refreshInterval =
            reader.scalar("every", expected: DurationBounds.refreshInterval.expected, complaints: &complaints) {
                DurationBounds.refreshInterval.read($0)
            } ?? refreshInterval
    }

    private static let shareExpected = "a share from 0% to 100%"

    private static func share(_ text: String) -> Double? {
        if case .percent(let share) = RolloutPolicy.Amount(text) { return share }
        return nil
    }

    private mutating func takeConvergence(_ node: YAMLNode, file: String, complaints: inout ComplaintList) {
        guard
            let reader = MappingReader(
                node, file: file, path: "convergence",
                known: SettingsShape.convergence.keys, complaints: &complaints)
        else { return }
        func duration(_ key: String, _ current: Duration) -> Duration {
            reader.scalar(key, expected: DurationBounds.convergence.expected, complaints: &complaints) {
                DurationBounds.convergence.read($0)
            } ?? current
        }
        policy.callbackDeadline = duration("callbackDeadline", policy.callbackDeadline)
        policy.enableAfter = duration("enableAfter", policy.enableAfter)
        policy.retryDelay = duration("retryDelay", policy.retryDelay)
        policy.verifyAfter = duration("verifyAfter", policy.verifyAfter)
        policy.maxChange =
            reader.scalar("maxChange", expected: Self.shareExpected, complaints: &complaints) { Self.share($0) }
            ?? policy.maxChange
        policy.maximumAttempts =
            reader.scalar("maximumAttempts", expected: "a number from 1 to 100", complaints: &complaints) { text in
                Int(outside: text, in: 1...100)
            } ?? policy.maximumAttempts
    }

    private mutating func take(_ environment: [String: String]) throws(SettingsError) {
        func value(_ name: String) -> String? {
            environment["PROFILECTL_" + name].flatMap { $0.isEmpty ? nil : $0 }
        }
        callbackTLS = try Self.tls("CALLBACKS_TLS", value) ?? callbackTLS
        adminTLS = try Self.tls("ADMIN_TLS", value) ?? adminTLS
        baseURL = value("THINGSPACE_BASE_URL") ?? baseURL
        state = value("STATE") ?? state
        try read("STATE_TIMEOUT", value, .stateTimeout).map { stateTimeout = $0 }
        try read("HISTORY", value, .history).map { history = $0 }
        callbackListen = value("CALLBACKS_LISTEN") ?? callbackListen
        callbackURL = value("CALLBACKS_URL") ?? callbackURL
        if let text = value("CALLBACKS_ALLOW") {
            callbackAllow = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            if let problem = AllowedClients.problem(of: callbackAllow ?? []) {
                throw SettingsError("The environment variable PROFILECTL_CALLBACKS_ALLOW holds \(problem).")
            }
        }
        adminListen = value("ADMIN_LISTEN") ?? adminListen
        try read("CALLBACKS_REGISTER", value, expected: "check, auto or never") { RegistrationMode(rawValue: $0) }
            .map { register = $0 }
        try read("CALLBACKS_BEHIND_PROXY", value, expected: "true or false") { Bool($0) }.map { behindProxy = $0 }
        try read("VERIFY", value, expected: "lookup or trust") { ApplyOptions.Verification(rawValue: $0) }
            .map { verification = $0 }
        try read("REFRESH_V1", value, expected: "true or false") { Bool($0) }.map { lists.v1 = $0 }
        try read("REFRESH_V2", value, expected: "true or false") { Bool($0) }.map { lists.v2 = $0 }
        try read("REFRESH_EVERY", value, .refreshInterval).map { refreshInterval = $0 }
        try read("SERVE_DRAIN_TIMEOUT", value, .drainTimeout).map { drainTimeout = $0 }
        try read("SERVE_MANIFEST_INTERVAL", value, .manifestInterval).map { manifestInterval = $0 }
        try read("CONVERGENCE_CALLBACK_DEADLINE", value, .convergence).map { policy.callbackDeadline = $0 }
        try read("CONVERGENCE_ENABLE_AFTER", value, .convergence).map { policy.enableAfter = $0 }
        try read("CONVERGENCE_RETRY_DELAY", value, .convergence).map { policy.retryDelay = $0 }
        try read("CONVERGENCE_VERIFY_AFTER", value, .convergence).map { policy.verifyAfter = $0 }
        try read("CONVERGENCE_MAX_CHANGE", value, expected: Self.shareExpected) { Self.share($0) }
            .map { policy.maxChange = $0 }
        try read("CONVERGENCE_MAXIMUM_ATTEMPTS", value, expected: "a number from 1 to 100") { text in
            Int(outside: text, in: 1...100)
        }.map { policy.maximumAttempts = $0 }
    }

    private func read(
        _ name: String, _ value: (String) -> String?, _ bounds: DurationBounds
    ) throws(SettingsError) -> Duration? {
        try read(name, value, expected: bounds.expected) { bounds.read($0) }
    }

    private func read<Value>(
        _ name: String, _ value: (String) -> String?, expected: String, parse: (String) -> Value?
    ) throws(SettingsError) -> Value? {
        guard let text = value(name) else { return nil }
        guard let parsed = parse(text) else {
            throw SettingsError(
                "The environment variable PROFILECTL_\(name) holds `\(text.excerpt(limit: 60))`, expected \(expected).")
        }
        return parsed
    }

    /// The two files that TLS is spoken with, from two variables.
    private static func tls(_ name: String, _ value: (String) -> String?) throws(SettingsError) -> CallbackTLS? {
        let (certificate, key) = (value(name + "_CERTIFICATE"), value(name + "_KEY"))
        switch (certificate, key) {
        case (nil, nil): return nil
        case (let certificate?, let key?): return CallbackTLS(certificate: certificate, key: key)
        case (nil, _?), (_?, nil):
            throw SettingsError(
                "The environment variables PROFILECTL_\(name)_CERTIFICATE and PROFILECTL_\(name)_KEY go together: each "
                    + "names a PEM file.")
        }
    }
}
