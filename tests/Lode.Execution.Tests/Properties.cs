[assembly: TestFramework("Lode.TestKit.LodeTestFramework", "Lode.TestKit")]
