import Foundation
import Testing

@testable import Reconciler

@Suite("Settings of listeners and of a controller")
struct ServingSettingsTests {
    private func load(_ yaml: String, _ environment: [String: String] = [:]) throws -> Settings {
        let folder = try TemporaryFolder()
        return try Settings.load(path: try folder.write("profilectl.yaml", yaml), environment: environment)
    }

    private func endpoint(_ settings: Settings) throws -> CallbackEndpoint {
        try CallbackEndpoint(
            settings, credentials: CallbackCredentials(username: "", password: ""), carrierIsLoopback: true)
    }

    @Test("who may call back is a list, or a variable with commas, and the listener heeds it")
    func clients() throws {
        let settings = try load("callbacks: {listen: '[::1]:0', allow: [thingspace, 203.0.113.0/24, '2001:db8::/32']}")
        #expect(settings.callbackAllow == ["thingspace", "203.0.113.0/24", "2001:db8::/32"])
        let configuration = try endpoint(settings).configuration
        #expect(configuration.host == "::1" && configuration.port == 0)
        #expect(configuration.allowed == (try AllowedClients(["thingspace", "203.0.113.0/24", "2001:db8::/32"])))
        let overridden = try load("callbacks: {allow: [thingspace]}", ["PROFILECTL_CALLBACKS_ALLOW": "10.0.0.1, ::1"])
        #expect(overridden.callbackAllow == ["10.0.0.1", "::1"])
        var open = Settings()
        open.callbackListen = "127.0.0.1:0"
        #expect(try endpoint(open).configuration.allowed == nil)
    }

    @Test(
        "a duration is written as it is read, in the largest unit that is whole",
        arguments: ["0s", "1ms", "1500ms", "1s", "90s", "30m", "90m", "6h", "36h", "2d"])
    func durations(text: String) throws {
        #expect(try #require(Duration(settingText: text)).settingText == text)
    }

    @Test(
        "what is wrong is named with its place",
        arguments: [
            ("callbacks: {allow: [thingspace, verizon]}", [":1:33", "callbacks.allow[1]", "`verizon`", "thingspace"]),
            ("callbacks: {allow: [10.0.0.0/33, ~]}", ["callbacks.allow[0]", "`10.0.0.0/33`", "callbacks.allow[1]"]),
            ("callbacks: {allow: []}", ["callbacks.allow", "not empty"]),
            ("callbacks: {allow: thingspace}", ["callbacks.allow", "a list"]),
            ("admin: {tls: {key: a}}", ["admin.tls.certificate", "PEM"]),
            ("callbacks: {tls: {}}", ["callbacks.tls.certificate", "callbacks.tls.key"]),
            ("admin: {listen: }", ["admin.listen", "HOST:PORT"]),
            ("admin: {lissten: a}", ["did you mean `listen`?"]),
            ("serve: {drainTimeout: 3}", ["serve.drainTimeout", "30s"]),
            ("serve: {manifestInterval: 10ms}", ["serve.manifestInterval", "at least a second"]),
        ])
    func complaints(yaml: String, expected: [String]) throws {
        let error = try #require(throws: SettingsError.self) { try load(yaml) }
        for text in expected { #expect(error.description.contains(text), "\(error)") }
    }

    @Test("a controller has defaults, settings above them, and variables above those")
    func controller() throws {
        let defaults = Settings()
        #expect(defaults.adminListen == "127.0.0.1:9180" && defaults.adminTLS == nil)
        #expect(defaults.drainTimeout == .seconds(30) && defaults.manifestInterval == nil)
        let yaml = """
            admin: {listen: 10.0.0.7:9443, tls: {certificate: a.crt, key: a.key}}
            serve: {drainTimeout: 1m, manifestInterval: 30s}
            """
        let settings = try load(yaml)
        #expect(settings.adminListen == "10.0.0.7:9443")
        #expect(settings.adminTLS != nil && settings.callbackTLS == nil)
        #expect(settings.drainTimeout == .seconds(60) && settings.manifestInterval == .seconds(30))
        let overridden = try load(
            yaml,
            [
                "PROFILECTL_ADMIN_LISTEN": "127.0.0.1:1", "PROFILECTL_SERVE_DRAIN_TIMEOUT": "5s",
                "PROFILECTL_SERVE_MANIFEST_INTERVAL": "1s",
            ])
        #expect(overridden.adminListen == "127.0.0.1:1" && overridden.drainTimeout == .seconds(5))
        #expect(overridden.manifestInterval == .seconds(1))
        for (name, value) in [
            ("CALLBACKS_ALLOW", "thingspace,x"), ("SERVE_DRAIN_TIMEOUT", "x"), ("SERVE_MANIFEST_INTERVAL", "0s"),
        ] {
            let error = try #require(throws: SettingsError.self) { try load("", ["PROFILECTL_" + name: value]) }
            #expect(error.description.contains("PROFILECTL_\(name)"), "\(error)")
        }
    }

    @Test("relative paths are below the folder of the settings file (F26)")
    func relativePaths() throws {
        let folder = try TemporaryFolder()
        let yaml = "state: sqlite:data/state.db\nadmin: {tls: {certificate: a.crt, key: /etc/a.key}}\n"
        let settings = try Settings.load(path: try folder.write("conf/profilectl.yaml", yaml), environment: [:])
        #expect(settings.state == "sqlite:\(folder.path)/conf/data/state.db")
        #expect(settings.adminTLS == CallbackTLS(certificate: folder.path + "/conf/a.crt", key: "/etc/a.key"))
        let path = try folder.write("conf/plain.yaml", "state: state.db\n")
        #expect(try Settings.load(path: path, environment: [:]).state == "sqlite:\(folder.path)/conf/state.db")
        // What is typed or set in the environment is below the working directory.
        let overridden = try Settings.load(path: path, environment: ["PROFILECTL_STATE": "sqlite:state.db"])
        #expect(overridden.state == "sqlite:state.db")
        for (location, resolved) in [
            ("sqlite:/var/s.db", "sqlite:/var/s.db"), ("postgres://a/b", "postgres://a/b"), ("sqlite:", "sqlite:"),
        ] { #expect(StateLocation.resolve(location, below: "/conf") == resolved) }
        #expect(StateLocation.resolve("s.db", below: "") == "sqlite:s.db")
    }

    @Test("the limit of accounts and runs is a share")
    func maxChange() throws {
        #expect(Settings().policy.maxChange == 30)
        #expect(try load("convergence: {maxChange: 12.5%}").policy.maxChange == 12.5)
        #expect(try load("", ["PROFILECTL_CONVERGENCE_MAX_CHANGE": "100%"]).policy.maxChange == 100)
        for text in ["30", "-1%", "101%", "all"] {
            #expect(throws: SettingsError.self) { try load("convergence: {maxChange: \(text)}") }
            #expect(throws: SettingsError.self) { try load("", ["PROFILECTL_CONVERGENCE_MAX_CHANGE": text]) }
        }
    }

    @Test("an address has a host and a port", arguments: ["", "a", "a:", ":b", "a:65536", "a:-1", "9180"])
    func addresses(text: String) throws {
        let error = try #require(throws: SettingsError.self) { try ListenAddress(text, setting: "admin.listen") }
        #expect(error.description == "admin.listen is `\(text)`, expected HOST:PORT.")
        let right = try ListenAddress("[::1]:9180", setting: "admin.listen")
        #expect(right.host == "::1" && right.port == 9180)
    }

    @Test("the webhook's URL comes from the environment or a file, and is in no error")
    func webhook() throws {
        func url(_ text: String) throws -> String? {
            try Secrets(environment: ["PROFILECTL_NOTIFY_URL": text]).notifyURL()
        }
        #expect(try Secrets(environment: [:]).notifyURL() == nil)
        #expect(try url("https://chat.example.com/hooks/s3cret?x=1") == "https://chat.example.com/hooks/s3cret?x=1")
        #expect(try url("http://127.0.0.1:8065/hooks/x") != nil)
        let folder = try TemporaryFolder()
        try folder.write("hook", "https://chat.example.com/hooks/x\n")
        #expect(
            try Secrets(environment: ["PROFILECTL_NOTIFY_URL_FILE": folder.path + "/hook"]).notifyURL()
                == "https://chat.example.com/hooks/x")
        #expect(throws: SettingsError.self) {
            try Secrets(environment: ["PROFILECTL_NOTIFY_URL_FILE": folder.path + "/none"]).notifyURL()
        }
        for text in [
            "http://chat.example.com/s3cret", "s3cret", "ftp://a/s3cret", "https:///s3cret", "https://a/s3 cret",
        ] {
            let error = try #require(throws: SettingsError.self) { try url(text) }
            #expect(error.description.contains("PROFILECTL_NOTIFY_URL") && !error.description.contains("cret"))
        }
    }
}
