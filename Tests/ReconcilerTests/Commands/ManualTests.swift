import Foundation
import Testing

/// The man page that `make build` writes. `make test` builds the tool that it is made with beforehand.
@Suite("The man page")
struct ManualTests {
    private static let generator = Repository.path + "/.build/debug/generate-manual"

    @Test(
        "it has every command, man shows it without a warning, and mandoc finds no error in it",
        .enabled(if: FileManager.default.isExecutableFile(atPath: generator), "make test builds generate-manual"))
    func page() async throws {
        let folder = try TemporaryFolder()
        let written = try await Binary.run(
            [Binary.executable, Self.generator, folder.path], in: "/",
            program: Repository.path + "/scripts/write-shell-support")
        #expect(written.exitCode == 0, "\(written.errors)")
        let page = folder.path + "/man/man1/profilectl.1"
        let text = try String(contentsOfFile: page, encoding: .utf8)
        let help = try await Binary.run(["--help"], in: "/").output
        let list = try #require(help.range(of: "SUBCOMMANDS:\n"))
        let commands = help[list.upperBound...].matches(of: #/(?m)^  ([a-z]+) /#)
        #expect(commands.count >= 10)
        for command in commands { #expect(text.contains(".It Em \(command.1)\n"), "\(command.1)") }
        let shown = try await Binary.run(["--warnings", "-l", page], in: "/", program: "/usr/bin/man")
        #expect(shown.exitCode == 0 && shown.errors.isEmpty, "\(shown.errors)")
        #expect(shown.output.contains("profilectl plan fleet/ --target label:site=phoenix-7"))
        let lint = try await Binary.run(["-T", "lint", "-W", "error", page], in: "/", program: "/usr/bin/mandoc")
        #expect(lint.exitCode == 0, "\(lint.output)\(lint.errors)")
    }
}
