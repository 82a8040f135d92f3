import Foundation
import Testing

@testable import Reconciler
@testable import profilectl

@Suite("The example unit and container of a controller")
struct ServiceTests {
    private static let folder = Repository.path + "/examples/serve/"
    private static let unit = "profilectl.service"

    private static func text(_ name: String) throws -> String {
        try String(contentsOfFile: folder + name, encoding: .utf8)
    }

    /// The values of a setting of the unit.
    private static func values(_ key: String) throws -> [String] {
        try text(unit).split(separator: "\n").compactMap { line in
            line.hasPrefix(key + "=") ? String(line.dropFirst(key.count + 1)) : nil
        }
    }

    @Test("systemd takes the unit, and rates its exposure below 3.0", Tool.systemdAnalyze.isThere)
    func systemd() async throws {
        let folder = try TemporaryFolder()
        // The program lies elsewhere here than where it is installed.
        let text = try Self.text(Self.unit).replacing("/usr/local/bin/profilectl", with: Binary.executable)
        try folder.write(Self.unit, text)
        let verified = try await Tool.systemdAnalyze.run(["verify", "./" + Self.unit], in: folder.path)
        #expect(verified.exitCode == 0 && verified.errors.isEmpty, "\(verified.output)\(verified.errors)")
        let rated = try await Tool.systemdAnalyze.run(
            ["security", "--offline=true", "--no-pager", "./" + Self.unit], in: folder.path)
        let match = try #require(rated.output.firstMatch(of: #/Overall exposure level for \S+: ([0-9.]+)/#))
        #expect(try #require(Double(match.1)) < 3, "\(match.output)")
    }

    @Test("the unit tells when it is ready, and each credential that it loads is one that is read")
    func credentials() throws {
        #expect(try Self.values("Type") == ["notify"])
        #expect(try Self.values("ExecReload") == ["/bin/kill -HUP $MAINPID"])
        let stop = try #require(Duration(settingText: try Self.values("TimeoutStopSec").joined() + "s"))
        #expect(stop > Settings().drainTimeout)
        let loaded = try Self.values("LoadCredential").compactMap { $0.split(separator: ":").first.map(String.init) }
        var named: [String] = []
        var environment: [String: String] = [:]
        let folder = try TemporaryFolder()
        for setting in try Self.values("Environment") where setting != "LIBDISPATCH_LOG=NO" {
            let match = try #require(setting.wholeMatch(of: #/(\w+_FILE)=%d/([a-z-]+)/#), "\(setting)")
            named.append(String(match.2))
            environment[String(match.1)] = try folder.write(String(match.2), "value of \(match.2)\n")
        }
        #expect(named == loaded)
        let secrets = Secrets(environment: environment)
        let carrier = try secrets.carrierCredentials()
        #expect(carrier.clientID == "value of client-id" && carrier.password == "value of password")
        #expect(try secrets.callbackCredentials().username == "value of callback-username")
    }

    private struct Instruction {
        let word: String
        let arguments: String
    }

    private static func instructions() throws -> [Instruction] {
        try text("Containerfile").replacing(#/\\\n\s*/#, with: "").split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { line in
                let words = line.split(separator: " ", maxSplits: 1)
                return Instruction(word: String(words[0]), arguments: words.count == 2 ? String(words[1]) : "")
            }
    }

    @Test("the Containerfile has known instructions alone, and copies what is there")
    func container() throws {
        let known: Set = ["FROM", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "ENTRYPOINT", "CMD", "ENV"]
        let instructions = try Self.instructions()
        #expect(instructions.count > 8)
        var stages: [String] = []
        var folder = "/"
        var installed: [String] = []
        for instruction in instructions {
            #expect(known.contains(instruction.word), "\(instruction)")
            let words = instruction.arguments.split(separator: " ").map(String.init)
            switch instruction.word {
            case "FROM": if words.count == 3, words[1] == "AS" { stages.append(words[2]) }
            case "WORKDIR" where stages.count == 1 && folder == "/": folder = instruction.arguments
            case "COPY":
                if let stage = words.first?.firstMatch(of: #/^--from=(.*)$/#) {
                    #expect(stages.contains(String(stage.1)))
                    #expect(words[1] == folder + "/.build/release/profilectl", "where `swift build` puts it")
                    installed.append(words[2])
                } else {
                    for source in words.dropLast() {
                        #expect(FileManager.default.fileExists(atPath: Repository.path + "/" + source), "\(source)")
                    }
                }
            case "RUN":
                for match in instruction.arguments.matches(of: #/(?:^|\s)(scripts\/\S+)/#) {
                    #expect(FileManager.default.isExecutableFile(atPath: Repository.path + "/" + match.1), "\(match.1)")
                }
            default: break
            }
        }
        #expect(instructions.contains { $0.arguments.contains("swift build -c release --product profilectl") })
        let entry = try #require(instructions.first { $0.word == "ENTRYPOINT" })
        #expect(try JSONDecoder().decode([String].self, from: Data(entry.arguments.utf8)) == installed)
        let ports = instructions.filter { $0.word == "EXPOSE" }.flatMap { $0.arguments.split(separator: " ") }
        let settings = Settings()
        #expect(
            ports.compactMap { Int($0) } == [
                try ListenAddress(settings.callbackListen, setting: "").port,
                try ListenAddress(settings.adminListen, setting: "").port,
            ])
        let ignored = try String(contentsOfFile: Repository.path + "/.dockerignore", encoding: .utf8).split(
            separator: "\n")
        #expect(ignored.contains(".build") && ignored.contains(".git"))
    }

    private static let hasServe = Profilectl.configuration.subcommands.contains {
        $0.configuration.commandName == "serve"
    }

    @Test("the commands that they run exist, with their options", .enabled(if: hasServe, "there is no `serve` yet"))
    func commands() async throws {
        let start = try #require(try Self.values("ExecStart").first).split(separator: " ").dropFirst().map(String.init)
        let command = try #require(try Self.instructions().last { $0.word == "CMD" })
        let help = try await Binary.run(["serve", "--help"], in: "/")
        for words in [start, try JSONDecoder().decode([String].self, from: Data(command.arguments.utf8))] {
            #expect(words.first == "serve")
            for option in words where option.hasPrefix("--") {
                #expect(help.output.contains("\(option) "), "\(option)")
            }
        }
    }
}
