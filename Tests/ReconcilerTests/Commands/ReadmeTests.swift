import ArgumentParser
import Foundation
import Testing

@testable import profilectl

@Suite("The README")
struct ReadmeTests {
    private struct Step {
        let command: String
        var output: [String] = []
    }

    /// The commands of the tour with the output that is shown below them.
    private func steps() throws -> [Step] {
        let text = try String(contentsOfFile: Repository.path + "/README.md", encoding: .utf8)
        var steps: [Step] = []
        var isConsole = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isConsole = line == "```console"
            } else if isConsole, line.hasPrefix("$ ") {
                steps.append(Step(command: String(line.dropFirst(2))))
            } else if isConsole, !steps.isEmpty, !line.isEmpty, line != "..." {
                steps[steps.count - 1].output.append(String(line))
            }
        }
        return steps
    }

    @Test("every command of the tour runs, and prints what is shown")
    func tour() async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(
            atPath: Repository.path + "/examples", toPath: folder.path + "/examples")
        try GitFolder.initialize(folder)
        let steps = try steps()
        #expect(steps.count >= 6)
        for step in steps {
            let words = step.command.split(separator: " ").map(String.init)
            #expect(words.first == "profilectl")
            if words.dropFirst().first == "serve" {
                try await serve(Array(words.dropFirst()), in: folder, shows: step.output)
                continue
            }
            let result = try await Binary.run(Array(words.dropFirst()), in: folder.path)
            #expect(result.exitCode == 0, "\(step.command): \(result.errors)")
            let lines = Set(result.output.split(separator: "\n").map { withoutTimes(String($0)) })
            for line in step.output {
                #expect(lines.contains(withoutTimes(line)), "\(step.command) does not print: \(line)\n\(result.output)")
            }
        }
    }

    /// It goes on until it is ended: first it has to print what is shown. The ports are other ones here.
    private func serve(_ arguments: [String], in folder: TemporaryFolder, shows lines: [String]) async throws {
        let controller = try Binary(arguments + ["--admin", "127.0.0.1:0"], in: folder.path)
        for line in lines {
            let begin = try #require(line.firstMatch(of: #/^.*?127\.0\.0\.1:/#)?.output)
            #expect(try await controller.printed(String(begin), to: "errors") != nil, "\(line)")
        }
        controller.send(SIGTERM)
        let result = await controller.result()
        #expect(result.exitCode == 0, "\(result.errors)")
    }

    /// Times are other ones in each run, and so is the order in which requests get their names.
    private func withoutTimes(_ line: String) -> String {
        line.replacing(#/\d{4}-\d\d-\d\dT[\d:.]+Z/#, with: "TIME").replacing(
            #/request [0-9a-f-]{36}/#, with: "request ID")
    }

    @Test("every make target that is named exists")
    func makeTargets() throws {
        let readme = try String(contentsOfFile: Repository.path + "/README.md", encoding: .utf8)
        let makefile = try String(contentsOfFile: Repository.path + "/Makefile", encoding: .utf8)
        for match in readme.matches(of: #/(?:`|\n)make (\w+)/#) {
            #expect(makefile.contains("\n\(match.1):"), "make \(match.1)")
        }
    }

    @Test("every option that is named exists")
    func options() async throws {
        let readme = try String(contentsOfFile: Repository.path + "/README.md", encoding: .utf8)
        var help = ""
        for command in Profilectl.configuration.subcommands {
            let name = command.configuration.commandName ?? ""
            help += try await Binary.run([name, "--help"], in: "/").output
            for part in command.configuration.subcommands {
                help += try await Binary.run([name, part.configuration.commandName ?? "", "--help"], in: "/").output
            }
        }
        for match in readme.matches(of: #/`[^`\n]*?(--[a-z][a-z-]+)/#) {
            #expect(help.contains(match.1), "\(match.1)")
        }
    }
}
